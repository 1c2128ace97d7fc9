"""Several runs in lockstep: the twins of the pieces that a lattice spends its time in.

They are written twice on purpose: the readable text is the specification, these are its speed.

Many small runs differ in nothing but their numbers, so one vector instruction can make the same
operation of several of them. Arrays here are those of the readable pieces with one axis more, the
last: its entry `lane` belongs to one run. Every loop over lanes is innermost, of fixed length and
without branches, which is what the compiler turns into vector instructions; work arrays are made
once.

Each lane makes the operations of its readable piece in the same order, so that the results are the
same to the last bit, which is tested. What a piece refuses (a number that is not finite, say) is
only noted here, in `flaw`: the readable driver then repeats the runs and raises the error.
"""

# In loops this long, what the compiler adds to be sure that no two arrays overlap costs little, and
# the arrays of a step in eight dimensions still fit into the second-level cache.
LANES = 64
