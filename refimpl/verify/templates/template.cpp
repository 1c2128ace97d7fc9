// A template in C++17: g++ -std=c++17 -O2 -o mine template.cpp && refimpl verify --exec ./mine
// It reads no more of JSON than the runner writes: one line, no blanks, `params` before `in`.
#include <cmath>
#include <cstring>
#include <iostream>
#include <sstream>
#include <valarray>
#include <vector>
using Text = std::string; using Index = std::size_t; using Array = std::valarray<double>;
struct List { Array x; Index width; }; // width 0: a vector, or a number; all matrices are square
static void demand(bool holds, const char *why) { if (!holds) throw std::invalid_argument(why); }
static List read(const char *from, const char *name) { // the first of this name
    const char *p = std::strstr(from, ('"' + Text(name) + "\":").c_str());
    demand(p, "a field is missing"), p += std::strlen(name) + 3; const bool matrix = p[1] == '[';
    const char *end = std::strstr(p + 1, matrix ? "]]" : *p == '[' ? "]" : "\"");
    std::vector<double> x; // from hexadecimal numbers; nan and inf are wrong input here
    for (char *next; (p += std::strspn(p, "[],\"")) < end; p = next)
        x.push_back(std::strtod(p, &next)), demand(next > p && std::isfinite(x.back()), "number");
    return {Array(x.data(), x.size()), matrix ? Index(std::lround(std::sqrt(x.size()))) : 0};
}
static double number(const char *from, const char *name) { return read(from, name).x[0]; }
static void put(std::ostream &out, const char *before, const char *name, const List &a) {
    out << std::hexfloat << before << '"' << name << (a.width ? "\":[[" : "\":[");
    for (Index i = 0; i < a.x.size(); i++)
        out << (!i ? "\"" : a.width && i % a.width == 0 ? "],[\"" : ",\"") << a.x[i] << '"';
    out << (a.width ? "]]" : "]");
}
static void row_sum_bound(const char *from, std::ostream &out) {
    const double div = number(from, "div"), cut = number(from, "cut"), top = 0x1p1023;
    List H = read(from, "H"), g = read(from, "g"); const Index d = H.width;
    demand(div > 0 && cut >= 0 && g.x.size() == d && H.x.size() == d * d, "no range, or no fit");
    for (Index i = 0; i < d; i++) {
        const Array row = H.x[std::slice(i * d, d, 1)], column = H.x[std::slice(i, d, d)];
        const double bound = std::fmax(div * abs(row).sum(), cut);
        demand(abs(row - column).max() <= 1e-6 * abs(H.x).max() && std::isfinite(bound), "bad H");
        g.x[i] = bound > 0 ? std::fmax(-top, std::fmin(top, -g.x[i] / bound)) : 0;
    }
    put(out, "", "result", g);
}
static void update(const char *from, std::ostream &out) {
    const char *names[] = {"mean_theta", "mean_gradient", "C_thetatheta", "C_gtheta", "C_gg"};
    const double beta = number(from, "beta"), old = number(from, "weight");
    const double weight = old + beta * (1 - old), gain = beta / weight;
    demand(beta > 0 && beta <= 1 && number(from, "scale") == 1, "no range, or another state");
    List x[] = {read(from, "theta"), read(from, "gradient")}; // then less their old means
    for (int k = 0; k < 5; k++) {
        List s = read(from, names[k]), &a = x[k == 1 || k > 2], &b = x[k > 3];
        demand(k > 1 || (s.x.size() == a.x.size() && abs(a.x).max() <= 1e153), "no fit, or long");
        for (Index e = 0, w = s.width; e < s.x.size(); e++)
            if (k < 2) s.x[e] += gain * (a.x[e] -= s.x[e]);
            else s.x[e] = (1 - gain) * (s.x[e] + gain * a.x[w ? e / w : e] * b.x[w ? e % w : e]);
        put(out, k ? "," : "", names[k], s);
    }
    out << ",\"weight\":\"" << weight << "\",\"beta\":\"" << beta << "\",\"scale\":1";
}
static void momentum(const char *from, std::ostream &out) {
    List m = {0.0 * read(from, "start").x, 0}, x = m;
    for (auto p = std::strstr(from, "\"stream\":"); (p = std::strchr(p + 1, '{'));) {
        m.x += number(from, "gamma") * (read(p, "gradient").x - m.x);
        x.x = read(p, "theta").x - number(from, "alpha") * m.x;
        put(out, p[-1] == '[' ? "\"steps\":[{" : "},{", "momentum", m), put(out, ",", "theta", x);
    }
    out << "}]";
}
static const struct { const char *key; void (*call)(const char *, std::ostream &); } mine[] = {
    {R"("op":"repulsion.row_sum_bound")", row_sum_bound}, {R"("op":"regression.update")", update},
    {R"("method":"momentum")", momentum}};
int main() {
    Text line, said = R"({"protocol":1,"name":"C++ template","version":"1","language":"C++",)"
        R"("dtype":"binary64","ops":["repulsion.row_sum_bound","regression.update","replay"]})";
    std::getline(std::cin, line), std::cout << said << std::endl; // start
    while (std::getline(std::cin, line) && line.find("\"stop\"") == Text::npos) {
        std::ostringstream out; const char *at = line.c_str(); said = R"("skipped":"not here")";
        try { for (auto [key, call] : mine)
            if (std::strstr(at, key)) call(at, out), said = "\"out\":{" + out.str() + "}";
        } catch (const std::exception &e) { said = "\"errored\":\"" + Text(e.what()) + "\""; }
        std::cout << "{\"seq\":" << number(at, "seq") << "," << said << "}" << std::endl;
    }
}
