// Runs the tests: all of them, or the files and folders named. `npm test -- test/model`, `npm test -- test/http --test-name-pattern=webhook`
// `--long`: what is random runs ten times as often, and for as long as that takes.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { require as requireTs } from 'tsx/cjs/api'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))

try {
  const args = process.argv.slice(2)
  const paths = args.filter((arg) => !arg.startsWith('--'))
  const flags = args.filter((arg) => arg.startsWith('--') && arg !== '--long')
  if (args.includes('--long')) {
    process.env.WA_TEST_KILLS ||= '100'
    process.env.WA_TEST_SEQUENCES ||= '2000'
    flags.push('--test-timeout=10800000')
  }
  run((paths.length > 0 ? paths : ['test']).flatMap(testsIn), flags)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

/** Node 20's runner takes no globs. */
function testsIn(path) {
  if (!existsSync(path)) throw new Error(`There is no ${path}. Name test files, or folders of test/.`)
  if (statSync(path).isFile()) return [path]
  const names = readdirSync(path, { recursive: true }).filter((name) => name.endsWith('.test.ts'))
  return names.map((name) => join(path, name)).sort()
}

function run(files, flags) {
  if (files.length === 0) throw new Error('There are no tests in there: their names end in .test.ts.')
  const env = plainEnvironment()
  if (files.some(needsBrowser)) env.CHROME_PATH = requireTs('../test/support/browser.ts', import.meta.url).findOrInstall()
  const runner = ['--import', 'tsx', '--test', '--test-reporter=spec', '--test-timeout=900000', `--test-concurrency=${Math.max(2, availableParallelism())}`]
  const tests = spawn(process.execPath, [...runner, ...flags, ...files], { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill(signal))
  tests.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

function needsBrowser(file) {
  return readFileSync(file, 'utf8').includes('support/browser')
}

/** Without what this shell is set up for: nobody's credentials, database or port may reach a test. */
function plainEnvironment() {
  const ours = /^(WA_(?!TEST_)|EXOTEL_|WHATSAPP_|PORT$|NODE_ENV$|NODE_TEST_CONTEXT$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}
