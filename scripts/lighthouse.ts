// Judges every page of the example host by Lighthouse, as a phone sees it: `npm run lighthouse`, or some of them: `npm run lighthouse -- /menus`.
// The tool is no dependency of this package: it brings two hundred of its own.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findOrInstall } from '../test/support/browser'
import { morning, PAGES } from './morning'

/** The least that each page must reach, of 100. */
const LEAST = { accessibility: 100, 'best-practices': 100, performance: 98 } as const
type Category = keyof typeof LEAST

interface Report {
  categories: Record<Category, { score: number | null; auditRefs: { id: string; weight: number }[] }>
  audits: Record<string, { title: string; score: number | null; displayValue?: string }>
  runtimeError?: { message: string }
}

async function main(): Promise<void> {
  const tool = find()
  if (tool === null)
    throw new Error('Lighthouse is not installed: npx --yes --package lighthouse -c "npm run lighthouse", or npm install --no-save lighthouse.')
  const asked = process.argv.slice(2)
  const { origin, close } = await morning()
  let faults = 0
  try {
    for (const path of asked.length > 0 ? asked : PAGES) {
      const report = await judge(tool, `${origin}${path}`)
      const scores = Object.keys(LEAST).map(
        (category) => [category as Category, Math.round((report.categories[category as Category].score ?? 0) * 100)] as const,
      )
      console.log(`${scores.map(([category, score]) => `${category} ${String(score).padStart(3)}`).join('  ')}  ${path}`)
      for (const [category, score] of scores) {
        if (score >= LEAST[category]) continue
        faults++
        for (const line of reasons(report, category)) console.log(`    ${line}`)
      }
    }
  } finally {
    await close()
  }
  if (faults > 0) process.exitCode = 1
}

/** The command of the tool: of this project, or on the path. */
function find(): string | null {
  const places = [join(__dirname, '..', 'node_modules', '.bin'), ...(process.env.PATH ?? '').split(delimiter)]
  return places.map((place) => join(place, 'lighthouse')).find((path) => existsSync(path)) ?? null
}

/** The live stream never ends, so a page is never quiet: after so long it is judged as it is. */
const WAIT_MS = 8000

/** A browser on a busy machine now and then yields no trace; the same page does a moment later. */
const TRIES = 3

async function judge(tool: string, address: string): Promise<Report> {
  for (let tries = 1; ; tries++) {
    try {
      return await run(tool, address)
    } catch (error) {
      if (tries === TRIES) throw error
    }
  }
}

/** Without a word to its makers, and with nothing of an earlier page in its store. */
async function run(tool: string, address: string): Promise<Report> {
  const options = [
    '--output=json',
    '--quiet',
    '--no-enable-error-reporting',
    `--max-wait-for-load=${WAIT_MS}`,
    `--only-categories=${Object.keys(LEAST).join(',')}`,
  ]
  const child = spawn(tool, [address, ...options, '--chrome-flags=--headless=new --no-sandbox --disable-gpu'], {
    env: { ...process.env, CHROME_PATH: findOrInstall() },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const code = await new Promise((ended) => child.on('close', ended))
  if (code !== 0) throw new Error(`Lighthouse ended with ${code} at ${address}.`)
  const report = JSON.parse(text) as Report
  if (report.runtimeError) throw new Error(`${address}: ${report.runtimeError.message}`)
  return report
}

const reasons = (report: Report, category: Category): string[] =>
  report.categories[category].auditRefs
    .map(({ id, weight }) => ({ id, weight, ...report.audits[id] }))
    .filter(({ weight, score }) => weight > 0 && typeof score === 'number' && score < 0.95)
    .map(({ id, title, displayValue }) => `${category}: ${title} (${id}${displayValue ? `, ${displayValue}` : ''})`)

main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
