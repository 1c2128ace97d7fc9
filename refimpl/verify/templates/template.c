/* A template in C99: copy it, put your functions in, and run
 *   cc -O2 -o template template.c -lm && refimpl verify --exec ./template
 * It reads no more of JSON than the runner writes: an object on each line, without blanks. */
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16 };
typedef struct { int n, width; double x[MOST]; } List; /* width: of a matrix; 0 for a vector */
static List H, g, seen[2], mean[2], C[3];
static char line[1 << 23];
static jmp_buf wrong_input;
static void demand(int holds) { if (!holds) longjmp(wrong_input, 1); }
static int is(const char *p, const char *name) { return !strncmp(p + 1, name, strcspn(p + 1, "\"")); }

static char *skip(char *p) { /* to what stands behind a value */
    int depth = 0;
    do {
        if (*p == '"') p = strchr(p + 1, '"');
        depth += (*p == '[' || *p == '{') - (*p == ']' || *p == '}');
    } while (*++p && (depth > 0 || !strchr(",:]}", *p)));
    return p;
}
static char *member(char *object, const char *name) { /* the value of that name */
    char *p = object + 1;
    while (*p == '"' && !is(p, name)) p = skip(skip(p) + 1) + 1;
    demand(*p == '"');
    return skip(p) + 1;
}
static double read(List *a, char *object, const char *name) { /* numbers, however nested; the first */
    char *p = member(object, name), *end = skip(p), matrix = p[1] == '[';
    for (a->n = a->width = 0; p < end;) {
        if (matrix && *p == ']' && !a->width) a->width = a->n;
        if (strchr("[],\"", *p)) { p++; continue; }
        demand(a->n < MOST);
        a->x[a->n] = strtod(p, &p); /* hexadecimal ones, nan and inf too */
        demand(isfinite(a->x[a->n++]));
    }
    return a->x[0];
}
static void put(const char *name, const List *a) {
    printf("\"%s\":[", name);
    for (int i = 0; i < a->n; i++) {
        int first = a->width && i % a->width == 0, last = a->width && (i + 1) % a->width == 0;
        printf("%s%s\"%a\"%s", i ? "," : "", first ? "[" : "", a->x[i], last ? "]" : "");
    }
    printf("]");
}

static void row_sum_bound(char *in, char *params) {
    double div = read(&H, params, "div"), cut = read(&H, params, "cut"), largest = 0, skew = 0;
    int d = (read(&g, in, "g"), read(&H, in, "H"), g.n);
    demand(div > 0 && cut >= 0 && H.width == d && H.n == d * d);
    for (int k = 0; k < d * d; k++) {
        largest = fmax(largest, fabs(H.x[k]));
        skew = fmax(skew, fabs(H.x[k] - H.x[k % d * d + k / d]));
    }
    demand(skew <= 1e-6 * largest);
    for (int i = 0; i < d; i++) {
        double row = 0;
        for (int j = 0; j < d; j++) row += fabs(H.x[i * d + j]);
        double bound = fmax(div * row, cut);
        g.x[i] = bound > 0 ? -g.x[i] / bound : 0;
    }
    put("result", &g);
}
static void update(char *in, char *params) {
    static const char *means[] = {"mean_theta", "mean_gradient"};
    static const char *products[] = {"C_thetatheta", "C_gtheta", "C_gg"};
    char *state = member(in, "state");
    double beta = read(&g, params, "beta"), weight = read(&g, state, "weight");
    demand(beta > 0 && beta <= 1 && read(&g, state, "scale") == 1);
    double gain = beta / (weight += beta * (1 - weight));
    for (int k = 0; k < 2; k++) { /* seen: differences from the old means */
        read(&seen[k], in, k ? "gradient" : "theta"), read(&mean[k], state, means[k]);
        demand(seen[k].n == mean[k].n);
        for (int i = 0; i < mean[k].n; i++) mean[k].x[i] += gain * (seen[k].x[i] -= mean[k].x[i]);
    }
    for (int k = 0; k < 3; k++) {
        read(&C[k], state, products[k]);
        const double *a = seen[k > 0].x, *b = seen[k > 1].x;
        for (int e = 0, w = C[k].width; e < C[k].n; e++)
            C[k].x[e] = (1 - gain) * (C[k].x[e] + gain * a[w ? e / w : e] * b[w ? e % w : e]);
    }
    printf("\"weight\":\"%a\",\"beta\":\"%a\",\"scale\":1", weight, beta);
    for (int k = 0; k < 2; k++) printf(","), put(means[k], &mean[k]);
    for (int k = 0; k < 3; k++) printf(","), put(products[k], &C[k]);
}
static void momentum(char *in, char *params) {
    double alpha = read(&g, params, "alpha"), gamma = read(&g, params, "gamma");
    read(mean, in, "start"), memset(mean->x, 0, sizeof mean->x);
    printf("\"steps\":[");
    for (char *p = member(in, "stream") + 1, *before = "{"; *p == '{'; before = ",{") {
        read(seen, p, "theta"), read(&g, p, "gradient");
        for (int i = 0; i < g.n; i++)
            seen->x[i] -= alpha * (mean->x[i] += gamma * (g.x[i] - mean->x[i]));
        printf("%s", before), put("momentum", mean), printf(","), put("theta", seen), printf("}");
        p = skip(p), p += *p == ',';
    }
    printf("]");
}
int main(void) {
    while (fgets(line, sizeof line, stdin) && !is(member(line, "cmd"), "stop")) {
        if (is(member(line, "cmd"), "start"))
            printf("{\"protocol\":1,\"name\":\"C template\",\"version\":\"1\",\"language\":\"C99\","
                   "\"dtype\":\"binary64\",\"ops\":[\"repulsion.row_sum_bound\","
                   "\"regression.update\",\"replay\"]}\n");
    }
}
