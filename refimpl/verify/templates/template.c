/* A template in C99: cc -O2 -o template template.c -lm && refimpl verify --exec ./template
 * It reads no more of JSON than the runner writes: one line, no blanks, `params` before `in`. */
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static struct list { int n, width; double x[1 << 16]; } H, g, x[2], s[5]; /* width 0: a vector */
static char line[1 << 23]; static jmp_buf wrong_input; static const double HALF = 0x1p1023;
static void demand(int holds) { if (!holds) longjmp(wrong_input, 1); }
static double read(const char *from, const char *name, struct list *a) { /* all; the first */
    char key[32], *p, *end;
    snprintf(key, sizeof key, "\"%s\":", name);
    demand((p = strstr(from, key)) != NULL), p += strlen(key), a->n = 0, a->width = p[1] == '[';
    end = strstr(p + 1, *p != '[' ? "\"" : a->width ? "]]" : "]");
    for (; (p += strspn(p, "[],\"")) < end; demand(isfinite(a->x[a->n]) && ++a->n < 1 << 16))
        a->x[a->n] = strtod(p, &p); /* hexadecimal, nan and inf too */
    if (a->width) a->width = (int)lround(sqrt(a->n)); /* here all matrices are square */
    return a->x[0];
}
static void put(const char *before, const char *name, const struct list *a) {
    printf("%s\"%s\":%s", before, name, a->width ? "[[" : "[");
    for (int i = 0; i < a->n; i++)
        printf("%s\"%a\"", !i ? "" : a->width && i % a->width == 0 ? "],[" : ",", a->x[i]);
    printf(a->width ? "]]" : "]");
}
static void row_sum_bound(void) {
    double div = read(line, "div", &g), cut = read(line, "cut", &g), most = 0, bound;
    int d = (read(line, "H", &H), read(line, "g", &g), g.n);
    demand(div > 0 && cut >= 0 && H.width == d && H.n == d * d);
    for (int k = 0; k < d * d; k++) most = fmax(most, fabs(H.x[k]));
    for (int k = 0; k < d * d; k++) demand(fabs(H.x[k] - H.x[k % d * d + k / d]) <= 1e-6 * most);
    for (int i = 0; i < d; i++) {
        for (int j = bound = 0; j < d; j++) bound += fabs(H.x[i * d + j]);
        demand(isfinite(bound = fmax(div * bound, cut))); /* longer than HALF is cut */
        g.x[i] = bound > 0 ? fmax(-HALF, fmin(HALF, -g.x[i] / bound)) : 0;
    }
    put("\"out\":{", "result", &g), printf("}");
}
static void update(void) { /* two means, which leave the differences from them in x; products */
    const char *names[] = {"mean_theta", "mean_gradient", "C_thetatheta", "C_gtheta", "C_gg"};
    double beta = read(line, "beta", s), weight = read(line, "weight", s);
    demand(beta > 0 && beta <= 1 && read(line, "scale", s) == 1);
    double gain = beta / (weight += beta * (1 - weight));
    read(line, "theta", x), read(line, "gradient", x + 1);
    for (int k = 0; k < 5; k++) {
        read(line, names[k], s + k), demand(k > 1 || s[k].n == x[k].n);
        for (int e = 0, w = s[k].width; e < s[k].n; e++)
            if (k > 1) s[k].x[e] = (1 - gain) * (s[k].x[e] + gain * x[k > 2].x[w ? e / w : e]
                                                                  * x[k > 3].x[w ? e % w : e]);
            else demand(fabs(x[k].x[e]) <= 1e153), s[k].x[e] += gain * (x[k].x[e] -= s[k].x[e]);
    }
    for (int k = 0; k < 5; k++) put(k ? "," : "\"out\":{", names[k], s + k);
    printf(",\"weight\":\"%a\",\"beta\":\"%a\",\"scale\":1}", weight, beta);
}
static void momentum(void) {
    double alpha = read(line, "alpha", s), gamma = read(line, "gamma", s);
    read(line, "start", s), memset(s->x, 0, sizeof s->x);
    for (char *p = strstr(line, "\"stream\":"); (p = strchr(p + 1, '{')) != NULL;) {
        read(p, "theta", x), read(p, "gradient", &g);
        for (int i = 0; i < g.n; i++) x->x[i] -= alpha * (s->x[i] += gamma * (g.x[i] - s->x[i]));
        put(p[-1] == '[' ? "\"out\":{\"steps\":[{" : "},{", "momentum", s), put(",", "theta", x);
    }
    printf("}]}");
}
int main(void) {
    if (!fgets(line, sizeof line, stdin)) return 1; /* start */
    puts("{\"protocol\":1,\"name\":\"C template\",\"version\":\"1\",\"language\":\"C\",\"dtype\":"
         "\"binary64\",\"ops\":[\"repulsion.row_sum_bound\",\"regression.update\",\"replay\"]}");
    while (!fflush(stdout) && fgets(line, sizeof line, stdin) && !strstr(line, "\"stop\"")) {
        printf("{\"seq\":%.0f,", read(line, "seq", s));
        if (setjmp(wrong_input)) printf("\"errored\":\"wrong input\"");
        else if (strstr(line, "\"op\":\"repulsion.row_sum_bound\"")) row_sum_bound();
        else if (strstr(line, "\"op\":\"regression.update\"")) update();
        else if (strstr(line, "\"method\":\"momentum\"")) momentum();
        else printf("\"skipped\":\"not here\"");
        printf("}\n");
    }
}
