// A template in Rust: rustc -O -o mine template.rs && refimpl verify --exec ./mine
// It reads no more of JSON than the runner writes: one line, no blanks, `params` before `in`.
type Call = fn(&str) -> Option<String>; // None is the right answer to wrong input
fn demand(holds: bool) -> Option<()> { holds.then_some(()) }
fn float(text: &str) -> Option<f64> { // "-0x1.8p+3": sign, hexadecimal digits, power of two
    let (digits, power) = text.trim_start_matches('-').strip_prefix("0x")?.split_once('p')?;
    let number = u64::from_str_radix(&digits.replace('.', ""), 16).ok()? as f64;
    let power = power.parse::<i32>().ok()? - 4 * (digits.len() as i32 - 2);
    let size = number * 2f64.powi(power / 2) * 2f64.powi(power - power / 2); // no float is 2^1074
    Some(if text.starts_with('-') { -size } else { size })
}
fn read(from: &str, name: &str) -> Option<(Vec<f64>, usize)> { // the first one, and its width
    let rest = from.split_once(&format!("\"{name}\":"))?.1;
    let end = match &rest[..2] { "[[" => "]]", two if two.starts_with('[') => "]", _ => "\"" };
    let all = rest[..rest[1..].find(end)? + 1].split(['[', ']', ',', '"']);
    let x = all.filter(|part| !part.is_empty()).map(float).collect::<Option<Vec<f64>>>()?;
    let width = if end == "]]" { (x.len() as f64).sqrt() as usize } else { 0 }; // all are square
    Some((x, width))
}
fn number(from: &str, name: &str) -> Option<f64> { read(from, name)?.0.first().copied() }
fn shown(name: &str, x: &[f64], width: usize) -> String { // what overflows needs quotes: "inf"
    if width == 0 { return format!("\"{name}\":{x:?}"); }
    format!("\"{name}\":{:?}", x.chunks(width).collect::<Vec<_>>())
}
fn row_sum_bound(from: &str) -> Option<String> {
    let (div, cut) = (number(from, "div")?, number(from, "cut")?);
    let ((h, d), mut g) = (read(from, "H")?, read(from, "g")?.0);
    let most = h.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let even = |k: usize| (h[k] - h[k % d * d + k / d]).abs() <= 1e-6 * most;
    demand(div > 0.0 && cut >= 0.0 && g.len() == d && h.len() == d * d && (0..d * d).all(even))?;
    for (gi, row) in g.iter_mut().zip(h.chunks(d)) {
        let bound = (div * row.iter().map(|v| v.abs()).sum::<f64>()).max(cut);
        demand(bound.is_finite())?; // while a step beyond half the largest float is cut
        *gi = if bound > 0.0 { (-*gi / bound).clamp(-f64::MAX / 2.0, f64::MAX / 2.0) } else { 0.0 };
    }
    Some(shown("result", &g, 0))
}
fn update(from: &str) -> Option<String> {
    let (beta, old) = (number(from, "beta")?, number(from, "weight")?);
    demand(beta > 0.0 && beta <= 1.0 && number(from, "scale")? == 1.0)?;
    let (weight, gain) = (old + beta * (1.0 - old), beta / (old + beta * (1.0 - old)));
    let mut d = [read(from, "theta")?.0, read(from, "gradient")?.0]; // then less their old means
    let mut out = format!("\"weight\":{weight:?},\"beta\":{beta:?},\"scale\":1");
    for (k, name) in "mean_theta mean_gradient C_thetatheta C_gtheta C_gg".split(' ').enumerate() {
        let ((mut s, w), a, b) = (read(from, name)?, [0, 1, 0, 1, 1][k], [0, 0, 0, 0, 1][k]);
        demand(k > 1 || s.len() == d[a].len())?;
        for e in 0..s.len() {
            let (i, j) = if w > 0 { (e / w, e % w) } else { (e, e) };
            if k < 2 { demand(d[a][e].abs() <= 1e153)?; d[a][e] -= s[e]; s[e] += gain * d[a][e]; }
            else { s[e] = (1.0 - gain) * (s[e] + gain * d[a][i] * d[b][j]); }
        }
        out += &format!(",{}", shown(name, &s, w));
    }
    Some(out)
}
fn momentum(from: &str) -> Option<String> {
    let (alpha, gamma) = (number(from, "alpha")?, number(from, "gamma")?);
    let (mut m, mut steps) = (vec![0.0; read(from, "start")?.0.len()], vec![]);
    for seen in from.split_once("\"stream\":")?.1.split('{').skip(1) {
        let (mut x, g) = (read(seen, "theta")?.0, read(seen, "gradient")?.0);
        for i in 0..m.len() { m[i] += gamma * (g[i] - m[i]); x[i] -= alpha * m[i]; }
        steps.push(format!("{{{},{}}}", shown("momentum", &m, 0), shown("theta", &x, 0)));
    }
    Some(format!("\"steps\":[{}]", steps.join(",")))
}
fn main() {
    let mine: [(&str, Call); 3] = [("\"op\":\"repulsion.row_sum_bound\"", row_sum_bound),
        ("\"op\":\"regression.update\"", update), ("\"method\":\"momentum\"", momentum)];
    let mut lines = std::io::stdin().lines().map_while(Result::ok); lines.next(); // start
    println!("{}{}", r#"{"protocol":1,"name":"Rust template","version":"1","language":"Rust","#,
        r#""dtype":"binary64","ops":["repulsion.row_sum_bound","regression.update","replay"]}"#);
    for line in lines.take_while(|line| !line.contains("\"stop\"")) {
        let found = mine.iter().find(|one| line.contains(one.0)).map(|one| one.1(&line));
        let said = found.map_or("\"skipped\":\"not here\"".into(), |out| out.map_or(
            "\"errored\":\"wrong input\"".into(), |out| format!("\"out\":{{{out}}}")));
        println!("{{\"seq\":{},{said}}}", line.split([':', ',']).nth(3).unwrap_or("0"));
    }
}
