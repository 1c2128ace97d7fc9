"""What a case is there for: its kind, what it holds, and the mistake that it catches."""

from typing import NamedTuple


class Note(NamedTuple):
    """One flag of the reference outputs."""

    kind: str
    description: str
    catches: str


NOTES = {
    "normal": Note(
        "normal",
        "Moderate numbers, well away from every special case.",
        "A wrong formula, a wrong order of arguments, a transposed result.",
    ),
    "settings": Note(
        "porting",
        "Every hyperparameter away from its default, at a value where no two readings agree.",
        "A hyperparameter that is written into the step, left out, or taken for another.",
    ),
    "first-step": Note(
        "degenerate",
        "The first observation after a start.",
        "A division by a weight of zero, a first value that is averaged with nothing.",
    ),
    "constant-theta": Note(
        "degenerate",
        "A position that does not move, in one coordinate or in all.",
        "A division by a variance of zero; curvature where nothing is known.",
    ),
    "zero-gradient": Note(
        "degenerate",
        "A gradient of exactly zero.",
        "A normalisation that divides by a length of zero.",
    ),
    "rank-deficient": Note(
        "degenerate",
        "A matrix whose rows depend on each other.",
        "An inverse where only a pseudo-inverse exists; rows that are not made orthonormal.",
    ),
    "repeated-eigenvalue": Note(
        "degenerate",
        "Two or more equal eigenvalues.",
        "A formula that divides by differences of eigenvalues.",
    ),
    "equal-moduli": Note(
        "degenerate",
        "Eigenvalues of equal modulus and opposite sign, the symmetric saddle.",
        "A shift that is left out, or added where there is none.",
    ),
    "one-dimension": Note(
        "degenerate",
        "A single coordinate or a single direction.",
        "A shape that falls away; a loop that needs two rows.",
    ),
    "full-dimension": Note(
        "degenerate",
        "As many directions as coordinates.",
        "A complement that is empty; a basis that cannot turn out of its span.",
    ),
    "far-mean": Note(
        "adversarial",
        "Observations that lie close together and far from the origin.",
        "A covariance formed as the mean of the products minus the product of the means.",
    ),
    "collinear": Note(
        "adversarial",
        "Directions that nearly depend on each other.",
        "Classical Gram-Schmidt in one pass; a matrix that is inverted as such.",
    ),
    "huge-scale": Note(
        "adversarial",
        "Numbers whose squares overflow.",
        "A length or a determinant formed from squares without a scale.",
    ),
    "subnormal-scale": Note(
        "adversarial",
        "Numbers whose squares vanish, or that are subnormal themselves.",
        "An absolute threshold; a length that comes out as zero.",
    ),
    "exact-saddle": Note(
        "adversarial",
        "Curvature of both signs.",
        "Newton's attraction to the saddle; an eigenvalue that enters with its sign.",
    ),
    "negative-definite": Note(
        "adversarial",
        "Negative curvature in every direction.",
        "A modulus that is left out; a Cholesky factor of a matrix that has none.",
    ),
    "at-the-cut": Note(
        "adversarial",
        "Curvature at the cut, or just above and below it.",
        "A cut that is added instead of compared; `div` applied to the cut as well.",
    ),
    "nan-input": Note(
        "adversarial",
        "An input that is not a number.",
        "A comparison with NaN that is false and lets it pass.",
    ),
    "inf-input": Note(
        "adversarial",
        "An infinite input.",
        "A test for NaN alone.",
    ),
    "out-of-range": Note(
        "adversarial",
        "A hyperparameter outside its range.",
        "A hyperparameter that is used unchecked.",
    ),
    "wrong-shape": Note(
        "adversarial",
        "Inputs whose shapes do not fit.",
        "Shapes that are broadcast until they fit.",
    ),
    "wrong-state": Note(
        "adversarial",
        "A state that belongs to the other of the two recursions.",
        "Statistics of two conventions mixed in one state.",
    ),
    "not-symmetric": Note(
        "adversarial",
        "A matrix that is not symmetric where a Hessian is needed.",
        "One half of the matrix that is ignored.",
    ),
    "decay-order": Note(
        "porting",
        "An update whose old and new parts are of the same size.",
        "`(1 - beta) C + beta d d^T` in place of `(1 - beta) (C + beta d d^T)`.",
    ),
    "eps-placement": Note(
        "porting",
        "A stabilising number that is as large as what it is added to.",
        "A number added inside the root instead of outside, or to the wrong factor.",
    ),
    "bias-correction": Note(
        "porting",
        "Few observations, so that the sum of their weights is far from 1.",
        "A weight sum, or a power of the decay, that is left out.",
    ),
    "old-new-mean": Note(
        "porting",
        "A new observation far from the mean.",
        "The new mean in products that need the old one, or the other way round.",
    ),
    "transposed": Note(
        "porting",
        "A fitted matrix that is far from symmetric.",
        "`C_thetag` in place of `C_gtheta`; one half of the matrix alone.",
    ),
    "division-order": Note(
        "porting",
        "An eigenbasis far from the coordinate axes and a wide spectrum.",
        "A division after the rotation back, where it belongs before.",
    ),
    "float32-inside": Note(
        "porting",
        "Inputs whose differences begin after the seventh digit.",
        "An intermediate array or constant of single precision.",
    ),
    "off-by-one": Note(
        "porting",
        "Few steps or a large weight, where one step more or less shows.",
        "A power of the decay, or an effective sample size, of the step before or after.",
    ),
    "closed-loop": Note(
        "normal",
        "A method at its own positions, with the gradient of a named function and given noise.",
        "A gradient taken at another position, noise that is added twice or at the next step, a "
        "state that is not carried on.",
    ),
    "horizon": Note(
        "adversarial",
        "The last step before roundoff leaves binary64 fewer than two digits.",
        "A slip that is smaller than the tolerance of a fixed number of digits, and grows.",
    ),
    "beyond-horizon": Note(
        "adversarial",
        "So many steps of a chaotic iteration that only the distribution of their ends is certain.",
        "A hyperparameter that is off by some per cent, noise of another size.",
    ),
    "singular-cubic": Note(
        "degenerate",
        "Groups without a cubic term beside others with one.",
        "A division by `d`; a refusal where the model is bounded.",
    ),
    "free-direction": Note(
        "degenerate",
        "A direction that changes nothing, as in a dead group.",
        "A singular matrix that is inverted; a component of rounding along that direction.",
    ),
    "no-cubic-term": Note(
        "degenerate",
        "No cubic term in any group: Newton's problem.",
        "A secular equation that is solved where there is none.",
    ),
    "no-cubic-force": Note(
        "degenerate",
        "Groups with a cubic term on which no force is left when the others have moved.",
        "A radius above 0 that is nothing but rounding.",
    ),
    "hard-case": Note(
        "degenerate",
        "A gradient without a component along the most negative curvature.",
        "The bottom eigenvector left out; a sign taken from rounding.",
    ),
    "nearly-hard": Note(
        "adversarial",
        "A gradient with next to no component along the most negative curvature.",
        "A root next to its pole, lost in the digits of the radius; the other side of the pole.",
    ),
    "small-gradient": Note(
        "adversarial",
        "A gradient far below the curvature, as close to a saddle or minimum.",
        "An absolute threshold; a root next to its pole, lost in the digits of the radius.",
    ),
    "wide-units": Note(
        "adversarial",
        "Groups in units that differ by up to twelve powers of ten.",
        "Eigenvalues of the scaled matrix alone, which lose the small ones.",
    ),
    "tiny-cubic": Note(
        "adversarial",
        "A group with a cubic term that is tiny but not zero.",
        "A scaling by its inverse that swamps all else; a threshold that takes it for zero.",
    ),
    "unbounded": Note(
        "adversarial",
        "A model that falls for ever.",
        "A step where there is no minimum; a boundedness condition that misses a kernel.",
    ),
    "sign-convention": Note(
        "porting",
        "First and third derivatives that are not 0, along a direction that is subtracted.",
        "The derivatives of the slice itself, whose odd ones have the other sign; a third "
        "derivative without its sign.",
    ),
    "taylor-factor": Note(
        "porting",
        "Derivatives of every order up to the third.",
        "A Taylor coefficient in place of a derivative, without its 2 or 6.",
    ),
    "mixed-derivatives": Note(
        "porting",
        "Groups that act on each other.",
        "Half or twice the entries off the diagonal; a diagonal matrix.",
    ),
    "group-order": Note(
        "porting",
        "Groups that interleave, or do not come in the order of their parameters.",
        "Consecutive blocks in place of the indices; groups that are sorted.",
    ),
    "one-group": Note(
        "degenerate",
        "All parameters in one group.",
        "A shape that falls away.",
    ),
    "lower-order": Note(
        "normal",
        "Derivatives up to the first or second order alone.",
        "Fields that were not asked for.",
    ),
    "zero-direction": Note(
        "degenerate",
        "A direction that is 0 in a group, or everywhere.",
        "A division by the length of the direction; a group that is left out of the answer.",
    ),
    "zero-derivative": Note(
        "degenerate",
        "A derivative that is exactly 0 among others that are not.",
        "Difference quotients, which leave more than rounding where 0 belongs.",
    ),
    "not-a-partition": Note(
        "adversarial",
        "Groups that overlap, leave a parameter out, reach too far or are empty.",
        "Groups that are used unchecked.",
    ),
    "kept-rates": Note(
        "porting",
        "Rates that are used for more than one step, or enter a running mean.",
        "Rates computed anew at each step, or at the wrong ones; the weights of old and new "
        "exchanged.",
    ),
    "backtracking": Note(
        "normal",
        "Steps that are halved until the loss has fallen.",
        "Any fall that is accepted; a halving that starts from the shortened step.",
    ),
    "refused": Note(
        "degenerate",
        "A start so near the minimum that no halving of a step of noise lowers the loss.",
        "A step that is made when none was low enough, or a last share that is kept.",
    ),
    "averaged-summary": Note(
        "porting",
        "Summaries that are averaged over steps, with fading or with equal weights, some after a "
        "warm-up in which nothing moves.",
        "A mean without the sum of its weights; a root averaged where its argument should be, or "
        "the other way round; a window that is too long; steps in the warm-up.",
    ),
    "own-minibatch": Note(
        "porting",
        "A summary whose slopes are not those of the gradient: it is of other records.",
        "Slopes taken from the gradient that is at hand.",
    ),
    "plain-model": Note(
        "porting",
        "The quadratic model alone, with a ridge or without, and its stationary point.",
        "A ridge that is scaled, left out, or added everywhere; a refusal of negative curvature.",
    ),
    "falling-damping": Note(
        "porting",
        "A damping that falls, over steps or on a plateau of the loss.",
        "A fall that begins a step late, is linear, or starts anew; a plateau that is told from "
        "single losses.",
    ),
    "taken-back": Note(
        "porting",
        "Gradients that have suddenly grown, at the end of moves that led up, down, and up from a "
        "slope.",
        "A move that is taken back wherever a gradient is large, or by another share; axes or a "
        "momentum that follow such a gradient.",
    ),
    "foreseen": Note(
        "porting",
        "Gradients without noise, which a line foresees.",
        "A miss that is measured by the line after the step; a ridge that never fades, or at once.",
    ),
    "own-units": Note(
        "porting",
        "Coordinates in units of their own.",
        "Scales that are multiplied where they divide, are not carried, or differ by all that "
        "the spreads do.",
    ),
}
