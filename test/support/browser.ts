import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Nothing of the browser's own may reach for the network while our pages are tested. */
const FLAGS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const isRoot = process.getuid?.() === 0

/** A headless browser: the Chromium or Chrome of this machine, installed first when there is none. The caller closes it. */
export async function launch(): Promise<Browser> {
  const executablePath = findOrInstall()
  const start = (chromiumSandbox: boolean): Promise<Browser> => chromium.launch({ executablePath, headless: true, chromiumSandbox, args: FLAGS })
  if (isRoot) return start(false)
  // Containers often forbid the namespaces that the sandbox is made of, also to ordinary users. Only our own pages are opened.
  return start(true).catch(() => start(false))
}

/** Path of a browser that runs. Throws one sentence that says what to install. */
export function findOrInstall(): string {
  const given = process.env.CHROME_PATH
  if (given) {
    if (runs(given)) return given
    throw new Error(`CHROME_PATH is "${given}", which does not run. Set it to a Chromium or Chrome, or unset it.`)
  }
  const found = find()
  if (found) return found
  for (const [command, ...args] of installers()) {
    console.error(`No Chromium or Chrome found. Installing one: ${command} ${args.join(' ')}`)
    spawnSync(command, args, { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    const installed = find()
    if (installed) return installed
  }
  throw new Error(
    'The browser tests need Chromium or Chrome: install one (Debian: apt-get install chromium; elsewhere: npx playwright-core install chromium), or set CHROME_PATH to one that is there.',
  )
}

const find = (): string | undefined => [...onPath(), ...usualPlaces(), chromium.executablePath()].find(runs)

const onPath = (): string[] => (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)))

function usualPlaces(): string[] {
  if (process.platform === 'darwin') return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)
  if (process.platform !== 'win32') return []
  const roots = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].filter((root) => root !== undefined)
  return roots.flatMap((root) => ['Google\\Chrome', 'Chromium'].map((maker) => join(root, maker, 'Application', 'chrome.exe')))
}

/** Being there is not enough: some systems ship a stub that only says what to install. (On Windows `--version` would open a window.) */
function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile() && (process.platform === 'win32' || spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0)
  } catch {
    return false
  }
}

/** The ordinary means of this system, best first. Playwright's own installer needs no rights. */
function installers(): [string, ...string[]][] {
  const playwright: [string, ...string[]] = [
    process.execPath,
    join(require.resolve('playwright-core/package.json'), '..', 'cli.js'),
    'install',
    '--no-shell',
    'chromium',
  ]
  const isDebian = existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  const mayInstall = isRoot || spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
  if (!isDebian || !mayInstall) return [playwright]
  const apt = 'apt-get -qq -o DPkg::Lock::Timeout=300'
  const script = `${apt} update && ${apt} install -y --no-install-recommends chromium fonts-liberation`
  return [isRoot ? ['sh', '-c', script] : ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', script], playwright]
}
