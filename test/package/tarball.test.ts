import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pack } from '../support/tarball'

const ROOT = join(__dirname, '..', '..')
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(lib|migrations)\/.+\.(js|d\.ts)$/,
  /^views\/.+\.ejs$/,
  /^public\/(?!vendor\/).+\.(css|js|svg|png|ico|woff2)$/,
  /^public\/vendor\/(htmx\.min\.js|hx-sse\.min\.js|manifest\.json)$/,
]
const { tarball, files } = pack()

test('the tarball holds what runs, and nothing else', () => {
  assert.deepEqual(
    files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file))),
    [],
  )
})

test('the tarball holds all that runs: code, types, views, assets, the licence', () => {
  const compiled = [...under('lib'), ...under('migrations')].flatMap((file) => [
    `dist/${file.replace(/\.ts$/, '.js')}`,
    `dist/${file.replace(/\.ts$/, '.d.ts')}`,
  ])
  const wanted = [...compiled, ...under('views'), ...under('public'), 'public/vendor/htmx.min.js', 'public/vendor/hx-sse.min.js', 'LICENSE', 'README.md']

  assert.deepEqual(
    wanted.filter((file) => !files.includes(file)),
    [],
  )
})

test('an install of this package runs nothing of ours', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

  assert.deepEqual(
    ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts),
    [],
  )
})

test('the lock file names no address to download from', () => {
  assert.doesNotMatch(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'), /"resolved"|https?:\/\/[^"]*\.tgz/)
})

test('publint finds nothing', async () => {
  const { publint } = await import('publint')
  const bytes = readFileSync(tarball)
  const { messages } = await publint({ level: 'suggestion', pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) } })

  assert.deepEqual(messages, [])
})

test('"are the types wrong" finds nothing: node10, node16 from CommonJS and from ESM, bundler', async () => {
  const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core')
  const result = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))

  assert.deepEqual(result.types && result.problems, [])
})

function under(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(ROOT.length + 1)
        .replaceAll('\\', '/'),
    )
}
