// The Hotelling ellipse of two scores: where a share `alpha` of normal batches lies, for a given mean and covariance.

export type Matrix2 = readonly [readonly [number, number], readonly [number, number]];

const CORNERS = 120;

/** F quantile with two and `n` degrees of freedom; for two it has a closed form. */
export function fQuantileOfTwo(alpha: number, n: number): number {
  return (n / 2) * ((1 - alpha) ** (-2 / n) - 1);
}

/** Squared radius for a new observation: A(N^2-1)/(N(N-A)) F(alpha; A, N-A) with A = 2. */
export function squaredRadius(alpha: number, n: number): number {
  return ((2 * (n * n - 1)) / (n * (n - 2))) * fQuantileOfTwo(alpha, n - 2);
}

/** The outline around a mean. */
export function outline(mean: readonly [number, number], covariance: Matrix2, radius2: number): [number, number][] {
  // covariance = L L', so L times a circle is the ellipse
  const a = Math.sqrt(covariance[0][0]);
  const b = a > 0 ? covariance[1][0] / a : 0;
  const c = Math.sqrt(Math.max(0, covariance[1][1] - b * b));
  const radius = Math.sqrt(radius2);
  return Array.from({ length: CORNERS + 1 }, (_, step) => {
    const angle = (2 * Math.PI * step) / CORNERS;
    const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    return [mean[0] + a * x, mean[1] + b * x + c * y];
  });
}

/** Inverse of a small symmetric matrix given row by row. */
export function inverse(rows: readonly number[], size: number): number[][] {
  const work = Array.from({ length: size }, (_, i) => [
    ...rows.slice(i * size, (i + 1) * size),
    ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
  ]);
  for (let i = 0; i < size; i++) {
    const pivot = work[i]?.[i] ?? 1;
    work[i] = (work[i] ?? []).map((value) => value / pivot);
    for (let other = 0; other < size; other++) {
      const factor = work[other]?.[i] ?? 0;
      if (other !== i) work[other] = (work[other] ?? []).map((value, at) => value - factor * (work[i]?.[at] ?? 0));
    }
  }
  return work.map((row) => row.slice(size));
}
