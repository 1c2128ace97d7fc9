"""Steps in many dimensions, at the price of reading the basis twice and writing it once.

They are written twice on purpose: the readable methods are the specification, these are their
speed where ``D`` is large. The basis is kept as physical rows `V`, in tiles, and an orthogonal
(d, d) matrix `frame`: a gradient changes one direction of the span, which is a rank-one update of
`V`, and all else (the order of Gram-Schmidt, the QR step) goes into `frame`. So a step is two
passes, and between them the readable pieces in (d, d) arithmetic.

`start` makes a stepper with a `step(gradient)` that overwrites its arrays; `suits` says where it is
worth its while; `ogr` is streamed without scales of coordinates, as no turn of one direction gives
them others. Arrays of ``D`` entries are binary64 or binary32, all else is binary64, and so are the
variances that `dsogr` and `cdsogr` keep of single coordinates.
"""

from .stepper import Stepper, start, suits
