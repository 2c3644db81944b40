/** The value below which the share `q` (0 to 1) of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return low + (high - low) * (at - Math.floor(at))
}
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Standard deviation as a share of the mean: above a quarter, a baseline is too noisy to judge by. */
export function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return Math.sqrt(square) / mean
}
export const NOISY = 0.25

/** `1.08 [0.97-1.15]`: median and quartiles. */
export const spread = (values: readonly number[], digits = 2): string =>
  values.length === 0 ? '-' : `${median(values).toFixed(digits)} [${quantile(values, 0.25).toFixed(digits)}-${quantile(values, 0.75).toFixed(digits)}]`
