"""Mistakes in porting the robust default, in the order of its text.

Long: a list, one entry after the other.
"""

from .mutant import Mutant

_SHARE = "return min(-descent / (ascent - descent), 0.5) if descent < 0.0 else 0.0"
_JUMPS = "if not (ascent > 0.0 and np.sqrt(g @ g) > jump * state.largest):"
_FORESEEN = "return min(1.0, state.missed / state.met)"
_NEW = "if state.count <= JUDGED or state.met <= 0.0:"
_MEMORY = "return beta / (1.0 + state.surprises / patience)"
_MISS = """\
    missed, met = state.missed, state.met
    if state.count >= FORESEEN:
        came = model.V @ (old * off_gradient)
        miss = came - H @ (model.V @ (off_theta / old))
        missed += beta * (miss @ miss - missed)
        met += beta * (came @ came - met)

"""
_SCALED = """\
    scales = old
    if begun:
        if parameters.scaled and theta.size < MANY:
            size = regression.effective_size(model.line)
            scales = coordinate_scales(variance_theta, variance_gradient, size)
            model = carried(model, old / scales)
"""
_PAIR = (
    "line = regression.update(line, V @ (off_theta / scales), V @ (scales * off_gradient), beta)"
)
_SURPRISES = "surprises += unforeseen(state) * min(1.0, (g @ g) / usual)"
_LARGEST = "largest=max(state.largest, np.sqrt(usual)),"
_KEEPING = "math.sqrt((1.0 - both) * (1.0 - r * r) / ((1.0 + both) * r))"
_AGREEMENT = "max(share - beta / (2.0 - beta), 0.0)"
_BOUND = "max(min(reach, keeping(beta, gamma)), reach * agreement)"
_RIDGE = "seen = parameters.ridge * math.sqrt(unforeseen(state)) * spread"
_FIT = "known, H = subspace.with_prior(line, seen, slope), regression.symmetric_hessian(line, 0.0)"
_TURNED = "known, H = subspace.with_prior(line, seen, slope), congruence(rotation, H)"
_INWARD = "along, elsewhere = V @ (a * m), ratio(beyond, beyond_energy) * outside(V, a * m)"
_ALONG = "along[i] *= ratio(known.C_thetatheta[i, i], known.C_gg[i, i])"
_OUTWARD = "parameters.gamma) * a * (along @ V + elsewhere)"
_OF_ALL = (
    "        spread, energy = spreads(state.variance_theta, state.variance_gradient, mean, opening)"
)
_CUT = "            move *= longest / length\n"
_BACK = "move = (kept - 1.0) * state.move"
# Name, mistake, text, put, quantity, and the flag that describes it, if one does.
_ROWS = (
    # Before the first observation.
    (
        "opening-by-the-largest",
        "ogr's first step is measured by the largest coordinate.",
        "scale * np.sqrt(np.mean((theta / scale) ** 2))",
        "scale",
        "opening",
    ),
    (
        "gradients-not-cut",
        "ogr takes gradients of any size.",
        "return np.minimum(np.maximum(gradient, -FAR * unit), FAR * unit) / unit",
        "return gradient / unit",
        "mean_gradient",
        "huge-scale",
    ),
    (
        "series-with-one-factor",
        "In ogr's noise-neutral step numerator and denominator of the geometric series are "
        "exchanged.",
        "(1.0 - both) / (1.0 + both)",
        "(1.0 + both) / (1.0 - both)",
        "move",
    ),
    # Moves that are taken back.
    (
        "taken-back-where-it-led-down",
        "ogr takes a move back where it led down.",
        _JUMPS,
        _JUMPS.replace("ascent > 0.0", "ascent < 0.0"),
        "momentum",
        "taken-back",
    ),
    (
        "taken-back-without-a-jump",
        "ogr takes back every move that led up.",
        _JUMPS,
        "if not ascent > 0.0:",
        "momentum",
    ),
    (
        "taken-back-without-an-ascent",
        "ogr takes back every move to a gradient that has jumped, down too.",
        _JUMPS,
        "if not np.sqrt(g @ g) > jump * state.largest:",
        "momentum",
        "taken-back",
    ),
    (
        "jump-by-the-mean",
        "ogr measures the jump of a gradient by the mean one.",
        _JUMPS,
        _JUMPS.replace("state.largest", "np.sqrt(state.mean_gradient @ state.mean_gradient)"),
        "momentum",
        "taken-back",
    ),
    (
        "share-from-the-other-end",
        "ogr takes the zero of the line from the other end of the move.",
        _SHARE,
        "return min(ascent / (ascent - descent), 0.5) if descent < 0.0 else 0.0",
        "move",
        "taken-back",
    ),
    (
        "more-than-half-stays",
        "ogr keeps all of a move before the zero of the line.",
        _SHARE,
        "return -descent / (ascent - descent) if descent < 0.0 else 0.0",
        "move",
        "taken-back",
    ),
    (
        "share-below-zero",
        "ogr takes more than a whole move back where that led up from its start.",
        _SHARE,
        "return min(-descent / (ascent - descent), 0.5)",
        "move",
        "taken-back",
    ),
    # What the line did not foresee, and how long is remembered.
    (
        "foreseen-for-unforeseen",
        "ogr takes what was foreseen for what was not.",
        _FORESEEN,
        "return max(0.0, 1.0 - state.missed / state.met)",
        "model.line.C_thetatheta",
    ),
    (
        "unforeseen-above-one",
        "ogr's unforeseen share may be above 1.",
        _FORESEEN,
        "return state.missed / state.met",
        "model.line.C_thetatheta",
    ),
    (
        "judged-from-the-start",
        "ogr judges the line from the first gradients on.",
        _NEW,
        "if state.met <= 0.0:",
        "model.line.C_thetatheta",
    ),
    (
        "judged-one-gradient-early",
        "ogr judges the line one gradient too early.",
        _NEW,
        _NEW.replace("<= JUDGED", "< JUDGED"),
        "model.line.C_thetatheta",
    ),
    (
        "memory-one-step-older",
        "ogr's memory grows as if one step more had been made.",
        "beta_late + (beta - beta_late) / (1.0 + state.count / settle)",
        "beta_late + (beta - beta_late) / (1.0 + (state.count + 1.0) / settle)",
        "model.line.beta",
    ),
    (
        "memory-without-patience",
        "ogr's memory does not grow with surprise.",
        _MEMORY,
        "return beta",
        "model.line.beta",
    ),
    (
        "patience-for-every-gradient",
        "ogr's memory grows with every gradient as if it were a surprise.",
        _MEMORY,
        "return beta / (1.0 + state.count / patience)",
        "model.line.beta",
    ),
    (
        "memory-no-longer-than-late",
        "Surprise does not bring ogr's weight below its late limit.",
        _MEMORY,
        "return max(beta / (1.0 + state.surprises / patience), beta_late)",
        "model.line.beta",
    ),
    # One pair more.
    (
        "gain-not-divided-by-the-weight",
        "ogr's means outside the statistics move by `beta`, not by `beta / weight`.",
        "gain = beta / (weight + beta * (1.0 - weight))",
        "gain = beta",
        "mean_theta",
    ),
    (
        "spread-with-the-whole-distance",
        "ogr's variance of a coordinate takes the whole square.",
        "variance_theta = (1.0 - gain) * (state.variance_theta + gain * off_theta * off_theta)",
        "variance_theta = (1.0 - gain) * state.variance_theta + gain * off_theta * off_theta",
        "variance_theta",
    ),
    (
        "energy-with-the-whole-distance",
        "ogr's variance of a coordinate's gradients takes the whole square.",
        "variance_gradient = (1.0 - gain) * (\n"
        "        state.variance_gradient + gain * off_gradient * off_gradient\n"
        "    )",
        "variance_gradient = (1.0 - gain) * state.variance_gradient + (\n"
        "        gain * off_gradient * off_gradient\n"
        "    )",
        "variance_gradient",
    ),
    (
        "foreseen-by-one-pair",
        "ogr asks the line of one pair already what it foresees.",
        "if state.count >= FORESEEN:",
        "if state.count >= 1.0:",
        "missed",
    ),
    (
        "miss-without-scales",
        "ogr asks a line that is fitted in units of the scales about the pair as it is.",
        _MISS,
        _MISS.replace("(old * off_gradient)", "off_gradient").replace(
            "(off_theta / old)", "off_theta"
        ),
        "missed",
        "own-units",
    ),
    (
        "miss-in-the-new-scales",
        "ogr asks the line in the new scales, which the newest pair has had a part in.",
        f"{_MISS}{_SCALED}",
        f"{_SCALED}{_MISS.replace('old', 'scales')}",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "foreseen-with-the-whole-gradient",
        "ogr compares what the line missed with the whole gradient, not with its distance from "
        "the mean.",
        "met += beta * (came @ came - met)",
        "met += beta * (g @ g - met)",
        "met",
    ),
    (
        "misses-with-the-gain",
        "ogr averages misses with the weight of the means.",
        "missed += beta * (miss @ miss - missed)",
        "missed += gain * (miss @ miss - missed)",
        "missed",
    ),
    (
        "scales-before-the-pair",
        "ogr's scales are those of the variances before the newest pair.",
        "coordinate_scales(variance_theta, variance_gradient, size)",
        "coordinate_scales(state.variance_theta, state.variance_gradient, size)",
        "scales",
        "own-units",
    ),
    (
        "scales-with-the-newest-counted",
        "Chance in ogr's scales counts the newest pair too.",
        "size = regression.effective_size(model.line)",
        "size = weight + beta * (1.0 - weight)\n"
        "            size = (2.0 - beta) / beta * size / (2.0 - size)",
        "scales",
        "own-units",
    ),
    (
        "scales-by-the-count",
        "Chance in ogr's scales counts all pairs, as if none were forgotten.",
        "size = regression.effective_size(model.line)",
        "size = state.count",
        "scales",
        "own-units",
    ),
    (
        "nothing-carried",
        "ogr's statistics stay in the old scales.",
        "            model = carried(model, old / scales)\n",
        "",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "carried-the-other-way",
        "ogr's statistics are carried from the new scales to the old ones.",
        "carried(model, old / scales)",
        "carried(model, scales / old)",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "axes-renewed-on-the-way-back",
        "ogr's axes follow a gradient from which it goes back, too.",
        "        if not back:\n            model = ",
        "        if True:\n            model = ",
        "model.line.C_thetatheta",
        "taken-back",
    ),
    (
        "renewed-without-scales",
        "ogr's axes are renewed by a pair that is not in units of the scales.",
        "subspace.renewed(model, off_theta / scales, scales * off_gradient)",
        "subspace.renewed(model, off_theta, off_gradient)",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "pair-without-scales",
        "The pair comes into ogr's statistics as it is, not in units of the scales.",
        _PAIR,
        "line = regression.update(line, V @ off_theta, V @ off_gradient, beta)",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "pair-with-scales-exchanged",
        "ogr multiplies positions by the scales and divides gradients.",
        _PAIR,
        _PAIR.replace("off_theta / scales", "scales * off_theta").replace(
            "scales * off_gradient", "off_gradient / scales"
        ),
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "pair-in-the-old-scales",
        "The pair comes into ogr's statistics in units of the old scales.",
        _PAIR,
        "line = regression.update(line, V @ (off_theta / old), V @ (old * off_gradient), beta)",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "pair-left-out-on-the-way-back",
        "ogr does not take the pair in from which it goes back.",
        _PAIR,
        f"if not back:\n        {_PAIR}",
        "model.line.beta",
        "taken-back",
    ),
    (
        "usual-without-the-mean",
        "ogr's mean square of the gradients is their variance alone.",
        "usual = mean_gradient @ mean_gradient + energy",
        "usual = energy",
        "largest",
    ),
    (
        "surprises-without-a-bound",
        "A gradient may count for many of ogr's surprises.",
        _SURPRISES,
        "surprises += unforeseen(state) * (g @ g) / usual",
        "surprises",
    ),
    (
        "surprises-foreseen-or-not",
        "ogr is surprised by what the line foresaw, too.",
        _SURPRISES,
        "surprises += min(1.0, (g @ g) / usual)",
        "surprises",
    ),
    (
        "surprises-as-large-as-any",
        "ogr's surprises count alike, whether the gradient is small or large.",
        _SURPRISES,
        "surprises += unforeseen(state)",
        "surprises",
    ),
    (
        "surprises-after-the-miss",
        "ogr's surprise is judged by a line that this gradient has had a part in.",
        _SURPRISES,
        "surprises += unforeseen(state._replace(missed=missed, met=met, count=state.count + 1.0)) "
        "* min(\n            1.0, (g @ g) / usual\n        )",
        "surprises",
    ),
    (
        "surprised-by-the-first",
        "ogr's first gradient is a surprise.",
        "if begun and usual > 0.0:",
        "if usual > 0.0:",
        "surprises",
        "first-step",
    ),
    (
        "largest-forgotten",
        "ogr's largest gradient is the usual one of today.",
        _LARGEST,
        "largest=np.sqrt(usual),",
        "largest",
    ),
    (
        "largest-of-single-gradients",
        "ogr's largest gradient is that of a single one.",
        _LARGEST,
        "largest=max(state.largest, np.sqrt(g @ g)),",
        "largest",
    ),
    (
        "nothing-counted-as-seen",
        "ogr counts a first gradient of zero as an observation.",
        "count = state.count + 1.0 if begun or np.max(np.abs(g)) > 0.0 else 0.0",
        "count = state.count + 1.0",
        "count",
        "zero-gradient",
    ),
    (
        "momentum-on-the-way-back",
        "ogr's momentum takes in the gradient from which it goes back.",
        "    if not back:\n        momentum = ",
        "    if True:\n        momentum = ",
        "momentum",
        "taken-back",
    ),
    (
        "momentum-from-zero",
        "ogr's momentum starts at 0, not with the first gradient.",
        "(parameters.gamma if begun else 1.0)",
        "parameters.gamma",
        "momentum",
        "first-step",
    ),
    # The longest step.
    (
        "all-for-the-rest",
        "ogr takes all spread for that outside.",
        "if d < D and left > rounding * spread and left_energy > rounding * energy:",
        "if False:",
        "model.line.C_thetatheta",
    ),
    (
        "keeping-upside-down",
        "In ogr's step that keeps the spread the geometric series is upside down.",
        _KEEPING,
        "math.sqrt((1.0 + both) * (1.0 - r * r) / ((1.0 - both) * r))",
        "move",
    ),
    (
        "keeping-by-the-memory",
        "ogr's step that keeps the spread takes `beta` where `1 - beta` belongs.",
        "    r = 1.0 - beta\n",
        "    r = beta\n",
        "move",
    ),
    (
        "keeping-with-one-power",
        "ogr's step that keeps the spread has `1 - r` for `1 - r^2`.",
        _KEEPING,
        _KEEPING.replace("r * r", "r"),
        "move",
    ),
    (
        "chance-left-out",
        "ogr takes for agreement what a mean of noise has, too.",
        _AGREEMENT,
        "share",
        "move",
    ),
    (
        "chance-of-one-gradient",
        "ogr expects of a mean of noise the variance `beta`, where it is `beta / (2 - beta)`.",
        _AGREEMENT,
        "max(share - beta, 0.0)",
        "move",
    ),
    (
        "agreement-by-the-root",
        "ogr's agreement is the root of the share.",
        _BOUND,
        "max(min(reach, keeping(beta, gamma)), reach * np.sqrt(agreement))",
        "move",
    ),
    (
        "agreement-left-out",
        "ogr's longest step is so many spreads, whether the gradients agree or not.",
        _BOUND,
        "reach",
        "move",
    ),
    (
        "bound-without-reach",
        "ogr's longest step with agreement leaves `reach` out.",
        _BOUND,
        "max(min(reach, keeping(beta, gamma)), agreement)",
        "move",
    ),
    (
        "keeping-beyond-reach",
        "ogr's step that keeps the spread may be longer than `reach`.",
        _BOUND,
        "max(keeping(beta, gamma), reach * agreement)",
        "move",
    ),
    (
        "larger-and-smaller-exchanged",
        "ogr's longest step is the smaller of two, the first the larger of two.",
        _BOUND,
        "min(max(reach, keeping(beta, gamma)), reach * agreement)",
        "move",
    ),
    (
        "bound-by-the-variance",
        "ogr's longest step is measured by the variance, not by its root.",
        "np.sqrt(spread) * max(",
        "spread * max(",
        "move",
    ),
    # The step.
    (
        "units-of-the-function",
        "ogr keeps gradients in the function's units.",
        "unit = 2.0 ** min(max(math.frexp(np.max(np.abs(gradient)))[1], -1000), 1000)",
        "unit = 1.0",
        "unit",
        "huge-scale",
    ),
    (
        "units-of-each-gradient",
        "ogr's unit is that of the newest gradient.",
        "    if state.count == 0.0:\n",
        "    if np.max(np.abs(gradient)) > 0.0:\n",
        "unit",
    ),
    (
        "never-back",
        "ogr takes no move back.",
        "kept = stays(state, g, parameters.jump)",
        "kept = 1.0",
        "momentum",
        "taken-back",
    ),
    (
        "jump-beyond-itself",
        "ogr asks for a jump once the gradient is among the usual ones.",
        "    state = observed(state, theta, g, unit, kept < 1.0, parameters)\n",
        "    state = observed(state, theta, g, unit, kept < 1.0, parameters)\n"
        "    kept = stays(state, g, parameters.jump)\n",
        "move",
        "taken-back",
    ),
    (
        "first-step-as-long-as-the-gradient",
        "ogr's first step is not of unit direction.",
        "-state.opening * direction(m)[0]",
        "-state.opening * m",
        "move",
        "first-step",
    ),
    (
        "spread-without-scales",
        "ogr's ridge and what is outside are measured without the scales.",
        "variances = state.variance_theta / (a * a), state.variance_gradient * (a * a)",
        "variances = state.variance_theta, state.variance_gradient",
        "model.line.C_thetatheta",
        "own-units",
    ),
    (
        "ridge-that-stays",
        "ogr's ridge stays, whatever the line foresees.",
        _RIDGE,
        "seen = parameters.ridge * spread",
        "model.line.C_thetatheta",
        "foreseen",
    ),
    (
        "ridge-without-the-root",
        "ogr's ridge fades with what was not foreseen, not with its root.",
        _RIDGE,
        "seen = parameters.ridge * unforeseen(state) * spread",
        "model.line.C_thetatheta",
        "foreseen",
    ),
    (
        "ridge-with-a-unit",
        "ogr's ridge is an absolute variance, not a share of the spread.",
        _RIDGE,
        "seen = parameters.ridge * math.sqrt(unforeseen(state))",
        "model.line.C_thetatheta",
    ),
    (
        "line-with-the-ridge",
        "ogr keeps the line with what is taken as seen, not the fitted one.",
        _FIT,
        "known = subspace.with_prior(line, seen, slope)\n"
        "        H = regression.symmetric_hessian(known, 0.0)",
        "H",
    ),
    (
        "line-not-symmetric",
        "ogr keeps the line of the plain fit.",
        _FIT,
        "known, H = subspace.with_prior(line, seen, slope), regression.hessian(line)",
        "H",
    ),
    (
        "line-not-turned",
        "ogr's axes turn, the line fitted along them does not.",
        _TURNED,
        "known = subspace.with_prior(line, seen, slope)",
        "H",
    ),
    (
        "line-turned-the-other-way",
        "ogr's line is turned against its axes.",
        _TURNED,
        _TURNED.replace("(rotation, H)", "(rotation.T, H)"),
        "H",
    ),
    (
        "axes-turned-by-the-bare-line",
        "ogr's axes follow the eigenvectors of the line without what is taken as seen.",
        "shifted_qr_step(regression.symmetric_hessian(known, 0.0))[0]",
        "shifted_qr_step(H)[0]",
        "model.line.C_thetatheta",
    ),
    (
        "ratios-along-the-old-axes",
        "ogr's ratios are those along the axes before they turned.",
        _TURNED,
        "H = congruence(rotation, H)",
        "move",
    ),
    (
        "scales-left-out-inward",
        "ogr's momentum is not brought into the scales.",
        _INWARD,
        _INWARD.replace("a * m", "m"),
        "move",
        "own-units",
    ),
    (
        "scales-divided-inward",
        "ogr's momentum is brought into the scales as a position is.",
        _INWARD,
        _INWARD.replace("a * m", "m / a"),
        "move",
        "own-units",
    ),
    (
        "outside-not-scaled",
        "ogr's step outside is not in units of the spread.",
        _INWARD,
        "along, elsewhere = V @ (a * m), outside(V, a * m)",
        "move",
    ),
    (
        "ratios-upside-down",
        "ogr's step along an axis has the inverse ratio.",
        _ALONG,
        "along[i] *= ratio(known.C_gg[i, i], known.C_thetatheta[i, i])",
        "move",
    ),
    (
        "ratios-without-the-prior",
        "ogr's ratios leave out the line taken as seen.",
        _ALONG,
        "along[i] *= ratio(line.C_thetatheta[i, i], line.C_gg[i, i])",
        "move",
    ),
    (
        "slopes-in-the-spreads-place",
        "ogr divides by the fitted slope along an axis, not by the ratio of spreads.",
        _ALONG,
        "along[i] *= known.C_thetatheta[i, i] / abs(known.C_gtheta[i, i])",
        "move",
    ),
    (
        "neutral-for-the-first-weight",
        "ogr's noise-neutral step is that of the weight at the start.",
        "neutral(line.beta, parameters.gamma)",
        "neutral(parameters.beta, parameters.gamma)",
        "move",
    ),
    (
        "scales-left-out-outward",
        "ogr's step is not brought back from the scales.",
        _OUTWARD,
        _OUTWARD.replace("a * (", "("),
        "move",
        "own-units",
    ),
    (
        "bound-in-scales",
        "ogr's longest step is measured by spreads in units of the scales.",
        f"{_OF_ALL}\n",
        "",
        "move",
        "own-units",
    ),
    (
        "agreement-of-the-momentum",
        "ogr takes the momentum for the mean of the gradients where it asks how far they agree.",
        "farthest(spread, energy, mean @ mean, line.beta, parameters)",
        "farthest(spread, energy, m @ m, line.beta, parameters)",
        "move",
    ),
    (
        "move-kept-before-it-is-cut",
        "ogr remembers the move as it was before it was cut.",
        _CUT,
        "            theta = theta + (longest / length - 1.0) * move\n",
        "move",
    ),
    (
        "on-by-what-stays",
        "ogr goes on by the share that should stay.",
        _BACK,
        "move = kept * state.move",
        "move",
        "taken-back",
    ),
    (
        "moved-before-it-goes-back",
        "ogr goes back from where its ordinary step would have led.",
        _BACK,
        "move = move + (kept - 1.0) * state.move",
        "move",
        "taken-back",
    ),
    (
        "old-move-remembered",
        "Where ogr goes back it remembers the move before.",
        _BACK,
        "theta, move = theta + (kept - 2.0) * state.move, state.move",
        "move",
        "taken-back",
    ),
    (
        "descent-of-the-momentum",
        "ogr's descent along the move is that of the momentum.",
        "        g @ move,\n",
        "        m @ move,\n",
        "descent",
    ),
    (
        "descent-not-carried",
        "ogr's descent along the move is not carried to the next step.",
        "        g @ move,\n",
        "        state.descent,\n",
        "descent",
    ),
)


def _mutant(name, mistake, text, put, part, flag=""):
    return Mutant(name, mistake, "optimizers/ogr", text, put, "replay", "optimizers", flag, part)


MUTANTS = tuple(_mutant(*row) for row in _ROWS)
