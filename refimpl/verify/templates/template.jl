# A template in Julia, for your own `mine`: an exception is an error, the right answer to wrong
# input. Run it by: refimpl verify --exec "julia --startup-file=no template.jl"
# It reads no more of JSON than the runner writes: no blanks, `params` before `in`.
demand(holds, why) = holds || throw(ArgumentError(why))
# The first field of this name: a number, a vector, or a matrix, which is square here.
function field(from, name)
    found = match(Regex("\"$name\":(\\[\\[.*?\\]\\]|\\[.*?\\]|\"[^\"]*\"|[0-9]+)"), from)
    demand(found !== nothing, "the field $name is missing")
    text = found.captures[1]
    x = [parse(Float64, part.match) for part in eachmatch(r"[-+.\w]+", text)] # hexadecimal
    demand(all(isfinite, x), "$name is not finite")
    startswith(text, "[[") && return permutedims(reshape(x, isqrt(length(x)), :))
    return startswith(text, "[") ? x : x[1]
end
fields(from, names...) = [field(from, name) for name in names]

shown(x::Real) = isfinite(x) ? repr(x) : "\"$x\""
shown(x::AbstractVector) = "[" * join([shown(part) for part in x], ",") * "]"
shown(X::AbstractMatrix) = shown([X[i, :] for i in axes(X, 1)])
shown(t::NamedTuple) = "{" * join(["\"$k\":" * shown(v) for (k, v) in pairs(t)], ",") * "}"

function row_sum_bound(from)
    div, cut, H, g = fields(from, "div", "cut", "H", "g")
    demand(div > 0 && cut >= 0, "div or cut out of range")
    demand(H isa Matrix && size(H) == (length(g), length(g)), "H and g do not fit")
    demand(maximum(abs.(H - permutedims(H))) <= 1e-6 * maximum(abs.(H)), "H is not symmetric")
    bounds = [max(div * sum(abs.(H[i, :])), cut) for i in axes(H, 1)]
    demand(all(isfinite, bounds), "a row sum overflows")
    top = floatmax(Float64) / 2 # a longer step is cut
    return (result = [b > 0 ? clamp(-x / b, -top, top) : 0.0 for (x, b) in zip(g, bounds)],)
end
function update(from)
    beta, weight, theta, gradient = fields(from, "beta", "weight", "theta", "gradient")
    mean_theta, mean_gradient = fields(from, "mean_theta", "mean_gradient")
    demand(0 < beta <= 1 && field(from, "scale") == 1, "beta out of range, or another state")
    demand(size(theta) == size(gradient) == size(mean_theta), "shapes do not fit")
    demand(all(abs.([theta; gradient]) .<= 1e153), "their squares are not finite")
    weight += beta * (1 - weight)
    gain = beta / weight
    # Both differences are taken from the old means.
    d_theta, d_g = theta - mean_theta, gradient - mean_gradient
    product(C, a, b) = C isa Matrix ? a .* permutedims(b) : a .* b # or the diagonal alone
    blend(C, a, b) = (1 - gain) * (C + gain * product(C, a, b))
    return (weight = weight, beta = beta, scale = 1,
        mean_theta = mean_theta + gain * d_theta, mean_gradient = mean_gradient + gain * d_g,
        C_thetatheta = blend(field(from, "C_thetatheta"), d_theta, d_theta),
        C_gtheta = blend(field(from, "C_gtheta"), d_g, d_theta),
        C_gg = blend(field(from, "C_gg"), d_g, d_g))
end
function momentum(from)
    alpha, gamma, start = fields(from, "alpha", "gamma", "start")
    m, steps = zero(start), NamedTuple[]
    for seen in eachmatch(r"\{[^{}]*\}", split(from, "\"stream\":")[2])
        theta, gradient = fields(seen.match, "theta", "gradient")
        m = m + gamma * (gradient - m)
        push!(steps, (momentum = m, theta = theta - alpha * m))
    end
    return (steps = steps,)
end
mine = ["\"op\":\"repulsion.row_sum_bound\"" => row_sum_bound,
    "\"op\":\"regression.update\"" => update, "\"method\":\"momentum\"" => momentum]
say(text) = (println(text); flush(stdout))
function converse()
    readline() # start
    say("""{"protocol":1,"name":"Julia template","version":"1","language":"Julia","dtype":""" *
        """"binary64":"binary64","ops":["repulsion.row_sum_bound","regression.update","replay"]}""")
    for line in Iterators.takewhile(line -> !occursin("\"stop\"", line), eachline())
        said = "\"skipped\":\"not here\""
        for (key, call) in mine
            occursin(key, line) || continue
            said = try "\"out\":" * shown(call(line)) catch; "\"errored\":\"wrong input\"" end
        end
        say("{\"seq\":$(Int(field(line, "seq"))),$said}")
    end
end
converse()
