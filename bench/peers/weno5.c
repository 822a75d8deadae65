/*
 * One-sided WENO5-JS derivatives in C: the yardstick for bench/derivatives.ts.
 *
 * `textbook` is Osher & Fedkiw 2003, (3.25)-(3.41), each side for itself; `shared` computes the indicators once per interval
 * (Jiang & Peng 2000). Periodic arrays in C order, epsilon absolute in the scaling of u_x^2. Written as a careful person writes C:
 * restrict pointers, padded lines, blocks of eight neighbouring lines along strided axes, no intrinsics.
 *
 * Protocol on stdin/stdout: a request is six int64 (form 0 textbook or 1 shared, n0, n1, n2, axis, repeats) and two doubles
 * (spacing, epsilon). repeats = 0: the field (n0*n1*n2 doubles) follows and is kept, and both derivatives come back. repeats > 0:
 * the derivatives of the kept field are computed so often, and one double comes back, the seconds that took.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ghosts = 3, block = 8 };

static double biased(double v1, double v2, double v3, double v4, double v5, double eps) {
  const double a1 = v1 - 2 * v2 + v3, b1 = v1 - 4 * v2 + 3 * v3;
  const double a2 = v2 - 2 * v3 + v4, b2 = v2 - v4;
  const double a3 = v3 - 2 * v4 + v5, b3 = 3 * v3 - 4 * v4 + v5;
  const double s1 = eps + 13.0 / 12.0 * a1 * a1 + 0.25 * b1 * b1;
  const double s2 = eps + 13.0 / 12.0 * a2 * a2 + 0.25 * b2 * b2;
  const double s3 = eps + 13.0 / 12.0 * a3 * a3 + 0.25 * b3 * b3;
  const double w1 = 0.1 / (s1 * s1), w2 = 0.6 / (s2 * s2), w3 = 0.3 / (s3 * s3);
  const double q1 = v1 * (1.0 / 3.0) - v2 * (7.0 / 6.0) + v3 * (11.0 / 6.0);
  const double q2 = -v2 * (1.0 / 6.0) + v3 * (5.0 / 6.0) + v4 * (1.0 / 3.0);
  const double q3 = v3 * (1.0 / 3.0) + v4 * (5.0 / 6.0) - v5 * (1.0 / 6.0);
  return (w1 * q1 + w2 * q2 + w3 * q3) / (w1 + w2 + w3);
}

/* u: padded line, node i at u[i + 3]; d: scratch of n + 5 slopes. */
static void textbook(const double *restrict u, int64_t n, double inverse, double eps, double *restrict d, double *restrict left,
                     double *restrict minus, double *restrict plus) {
  (void)left;
  for (int64_t i = 0; i < n + 5; i++) d[i] = (u[i + 1] - u[i]) * inverse;
  for (int64_t i = 0; i < n; i++) {
    minus[i] = biased(d[i], d[i + 1], d[i + 2], d[i + 3], d[i + 4], eps);
    plus[i] = biased(d[i + 5], d[i + 4], d[i + 3], d[i + 2], d[i + 1], eps);
  }
}

/* Two passes over n + 1 intervals, so that a compiler can vectorise both. */
static void shared(const double *restrict u, int64_t n, double inverse, double eps, double *restrict d, double *restrict left,
                   double *restrict minus, double *restrict plus) {
  const double guard = 4 * eps;
  double *restrict right = left + n + 1;
  for (int64_t i = 0; i < n + 5; i++) d[i] = (u[i + 1] - u[i]) * inverse;
  for (int64_t i = 0; i <= n; i++) {
    const double s0 = d[i + 1] - d[i], s1 = d[i + 2] - d[i + 1], s2 = d[i + 3] - d[i + 2], s3 = d[i + 4] - d[i + 3];
    const double t0 = s0 - s1, t1 = s1 - s2, t2 = s2 - s3, q0 = t0 - t1, q1 = t1 - t2;
    const double f0 = s0 - 3 * s1, f1 = s1 + s2, f2 = 3 * s2 - s3;
    const double b0 = 13.0 / 3.0 * t0 * t0 + f0 * f0 + guard;
    const double b1 = 13.0 / 3.0 * t1 * t1 + f1 * f1 + guard;
    const double b2 = 13.0 / 3.0 * t2 * t2 + f2 * f2 + guard;
    const double g12 = b1 * b2, g02 = b0 * b2, g01 = b0 * b1;
    const double p12 = g12 * g12, p02 = 6 * g02 * g02, p01 = g01 * g01, x0 = p12 * q0, x1 = p01 * q1;
    left[i] = (4 * x0 + 6 * x1) / (p12 + p02 + 3 * p01) - q1;
    right[i] = (4 * x1 + 6 * x0) / (p01 + p02 + 3 * p12) - q0;
  }
  for (int64_t i = 0; i < n; i++) {
    const double centre = 7 * (d[i + 2] + d[i + 3]) - (d[i + 1] + d[i + 4]);
    minus[i] = (centre - left[i]) * (1.0 / 12.0);
    plus[i] = (centre + right[i + 1]) * (1.0 / 12.0);
  }
}

typedef void line_function(const double *restrict, int64_t, double, double, double *restrict, double *restrict, double *restrict,
                           double *restrict);

static void wrap(double *u, int64_t n) {
  for (int64_t k = 0; k < ghosts; k++) {
    u[k] = u[n + k];
    u[n + ghosts + k] = u[ghosts + k];
  }
}

static void derive(line_function *line, const double *field, int64_t points, int64_t n, int64_t stride, double spacing, double eps,
                   double *scratch, double *minus, double *plus) {
  const int64_t pitch = n + 2 * ghosts;
  double *d = scratch, *left = d + pitch, *u = left + 2 * pitch, *lines_minus = u + block * pitch, *lines_plus = lines_minus + block * n;
  const double inverse = 1 / spacing;
  if (stride == 1) {
    for (int64_t start = 0; start < points; start += n) {
      memcpy(u + ghosts, field + start, (size_t)n * sizeof(double));
      wrap(u, n);
      line(u, n, inverse, eps, d, left, minus + start, plus + start);
    }
    return;
  }
  for (int64_t slab = 0; slab < points; slab += n * stride)
    for (int64_t inner = 0; inner < stride; inner += block) {
      const int64_t start = slab + inner, count = stride - inner < block ? stride - inner : block;
      for (int64_t i = 0; i < n; i++)
        for (int64_t b = 0; b < count; b++) u[b * pitch + ghosts + i] = field[start + i * stride + b];
      for (int64_t b = 0; b < count; b++) {
        wrap(u + b * pitch, n);
        line(u + b * pitch, n, inverse, eps, d, left, lines_minus + b * n, lines_plus + b * n);
      }
      for (int64_t i = 0; i < n; i++)
        for (int64_t b = 0; b < count; b++) minus[start + i * stride + b] = lines_minus[b * n + i];
      for (int64_t i = 0; i < n; i++)
        for (int64_t b = 0; b < count; b++) plus[start + i * stride + b] = lines_plus[b * n + i];
    }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double *array(int64_t length) {
  double *a = malloc((size_t)length * sizeof(double));
  if (a == NULL) exit(2);
  return a;
}

int main(void) {
  struct {
    int64_t form, n[3], axis, repeats;
    double spacing, eps;
  } request;
  double *field = NULL, *minus = NULL, *plus = NULL, *scratch = NULL;
  while (fread(&request, sizeof request, 1, stdin) == 1) {
    const int64_t *n = request.n;
    const int64_t points = n[0] * n[1] * n[2];
    const int64_t stride = request.axis == 0 ? n[1] * n[2] : request.axis == 1 ? n[2] : 1;
    const int64_t length = n[request.axis];
    line_function *line = request.form == 0 ? textbook : shared;
    if (request.repeats == 0) {
      free(field), free(minus), free(plus), free(scratch);
      field = array(points), minus = array(points), plus = array(points);
      scratch = array((3 + 3 * block) * (length + 2 * ghosts));
      if (fread(field, sizeof(double), (size_t)points, stdin) != (size_t)points) return 1;
      derive(line, field, points, length, stride, request.spacing, request.eps, scratch, minus, plus);
      fwrite(minus, sizeof(double), (size_t)points, stdout);
      fwrite(plus, sizeof(double), (size_t)points, stdout);
    } else {
      const double start = now();
      for (int64_t k = 0; k < request.repeats; k++)
        derive(line, field, points, length, stride, request.spacing, request.eps, scratch, minus, plus);
      const double seconds = now() - start;
      fwrite(&seconds, sizeof seconds, 1, stdout);
    }
    fflush(stdout);
  }
  return 0;
}
