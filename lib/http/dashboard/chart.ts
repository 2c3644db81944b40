/** Bars side by side, as SVG geometry: the view only draws. All lengths in units of the view box. */
export interface Chart {
  width: number
  height: number
  bars: readonly { x: number; y: number; width: number; height: number; series: 0 | 1; words: string }[]
  labels: readonly { x: number; words: string }[]
  lines: readonly { y: number; words: string }[]
}

const WIDTH = 900
const HEIGHT = 240
const LEFT = 50
/** Room for the labels, also where a phone draws them larger. */
const BOTTOM = 30
const TOP = 8

/** Two bars for each group. The scale ends at a round number, so that its lines can be read. */
export function pairs(groups: readonly { label: string; values: readonly [number, number]; words: readonly [string, string] }[]): Chart {
  const top = roundUp(Math.max(1, ...groups.flatMap((group) => group.values)))
  const room = (WIDTH - LEFT) / Math.max(1, groups.length)
  const thick = Math.min(22, room * 0.36)
  const tall = HEIGHT - TOP - BOTTOM
  const rise = (value: number): number => round((value / top) * tall)
  return {
    width: WIDTH,
    height: HEIGHT,
    bars: groups.flatMap((group, index) =>
      group.values.map((value, series) => ({
        x: round(LEFT + room * (index + 0.5) + (series === 0 ? -thick - 1 : 1)),
        y: round(HEIGHT - BOTTOM - rise(value)),
        width: round(thick),
        height: rise(value),
        series: series as 0 | 1,
        words: group.words[series] ?? '',
      })),
    ),
    // Every other label where they would touch.
    labels: groups.flatMap((group, index) =>
      (groups.length - 1 - index) % (groups.length > 8 ? 2 : 1) === 0 ? [{ x: round(LEFT + room * (index + 0.5)), words: group.label }] : [],
    ),
    lines: [...new Set([0, 0.5, 1].map((part) => Math.round(top * part)))].map((value) => ({ y: round(HEIGHT - BOTTOM - rise(value)), words: short(value) })),
  }
}

/** 1, 2, 5, 10, 20, 50, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value
}
const round = (value: number): number => Math.round(value * 10) / 10
const short = (value: number): string => (value >= 10_000 ? `${Math.round(value / 1000)}k` : String(value))
