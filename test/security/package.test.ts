import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { addressProblem } from '../../lib/model/address'
import { testOptions } from '../../lib/testing'

const ROOT = join(__dirname, '..', '..')
const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file): [string, string] => [file, readFileSync(join(ROOT, 'lib', file), 'utf8')])
const holding = (pattern: RegExp): string[] => sources.filter(([, text]) => pattern.test(text)).map(([file]) => file)

/** Addresses that a menu or a message may not hold, and why. `secure`: also not as a file. */
const ADDRESSES: [address: string, why: RegExp][] = [
  ['javascript:alert(1)', /begins with javascript:/],
  ['data:text/html,x', /begins with data:/],
  ['file:///etc/passwd', /begins with file:/],
  ['ftp://shop.example/x', /begins with ftp:/],
  ['https://user:secret@shop.example/', /user name or password/],
  ['https://127.0.0.1/', /private machine/],
  ['https://127.1/', /private machine/],
  ['https://0x7f000001/', /private machine/],
  ['https://017700000001/', /private machine/],
  ['https://10.0.0.1/', /private machine/],
  ['https://172.31.255.255/', /private machine/],
  ['https://192.168.0.1/', /private machine/],
  ['https://169.254.169.254/latest/meta-data', /private machine/],
  ['https://100.127.0.1/', /private machine/],
  ['https://224.0.0.1/', /private machine/],
  ['https://255.255.255.255/', /private machine/],
  ['https://[::1]/', /private machine/],
  ['https://[::ffff:10.0.0.1]/', /private machine/],
  ['https://[fd12::1]/', /private machine/],
  ['https://[fe80::1]/', /private machine/],
  ['https://localhost./', /private machine/],
  ['https://a.localhost/', /private machine/],
  ['https://ｌocalhost/', /private machine/],
  ['https:\\\\127.0.0.1\\x', /private machine|not a full address/],
  ['https://shop.example/a b', /space/],
  ['https://shop.example/\u0000', /space or a line break/],
  ['//shop.example/x', /not a full address/],
  ['shop.example', /not a full address/],
]
for (const [address, why] of ADDRESSES) {
  test(`20 ${JSON.stringify(address)} is no address to send`, () => {
    for (const secure of [true, false]) assert.match(addressProblem(address, secure)?.what ?? '', why)
  })
}

test('20 files are named over https alone; a button may also lead to http', () => {
  assert.match(addressProblem('http://shop.example/a.jpg', true)?.what ?? '', /only https:/)
  assert.equal(addressProblem('http://shop.example/'), null)
  for (const address of ['https://shop.example/a?b=c#d', 'https://8.8.8.8/', 'https://172.32.0.1/', 'https://[2001:db8::1]/'])
    assert.equal(addressProblem(address, true), null)
})

test('20 nothing that is stored is ever fetched: one file speaks HTTP outwards, and its address comes from the configuration', () => {
  assert.deepEqual(holding(/\bfetch\(|https?\b[^\n]*\.(request|get)\(|(?<!^import type [^\n]*)node:(net|tls|dgram|dns)\b|undici|axios/m), ['providers/http.ts'])
  assert.deepEqual(holding(/\bpostJson\(/).sort(), ['providers/deliver.ts', 'providers/http.ts'])
  assert.deepEqual(holding(/child_process|\bvm\b'|node:worker_threads|\beval\(|new Function\(/), [])
})

test('39 what we depend on is licensed for use by anybody', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: boolean; optional?: boolean }> }
  const ours = Object.entries(packages).filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
  const allowed = /^\(?(MIT|ISC|BSD-[23]-Clause|0BSD|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0)( OR .*\)?)?\)?$/
  const licences = ours.map(([path]) => [path, (JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as { license?: unknown }).license] as const)

  assert.ok(ours.length > 10)
  assert.deepEqual(
    licences.filter(([, license]) => !allowed.test(String(license))),
    [],
  )
})

const wantsAudit = process.env.WA_TEST_AUDIT === '1'
if (!wantsAudit) process.stderr.write('\nWARNING: npm audit is not run: it asks the registry. Set WA_TEST_AUDIT=1 where that is possible.\n')
test('39 npm audit knows of nothing in what we ship', { skip: wantsAudit ? false : 'set WA_TEST_AUDIT=1: it asks the registry' }, () => {
  const audit = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=low'], { cwd: ROOT, encoding: 'utf8', timeout: 60_000 })

  assert.equal(audit.status, 0, audit.stdout + audit.stderr)
})

/** Ways in which options of EJS, or the prototype of everything, were reached through a query. Source: CVE-2022-29078, CVE-2024-33883. */
const PROBES = [
  'settings[view options][outputFunctionName]=x;globalThis.pwned=1;s',
  'settings[view options][escapeFunction]=globalThis.pwned=1&settings[view options][client]=1',
  'settings[view options][delimiter]=?&settings[view options][debug]=1',
  '__proto__[outputFunctionName]=x;globalThis.pwned=1;s',
  'constructor[prototype][localsName]=pwned',
  'cache=1&filename=/etc/passwd&root=/&include=/etc/passwd',
]
const PAGES = ['/wa/', '/wa/conversations', '/wa/outbox', '/wa/events', '/wa/phone']

test('40 a query reaches no option of the templates: what is probed stays inert', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  await wa.start()
  const app = express()
    .set('query parser', 'extended')
    .use(express.urlencoded({ extended: true }))
    .use(wa)
  // A page repeats its query in its own links, escaped; and it counts the seconds.
  const stable = (html: string): string => html.replace(/\?[^"\s]*"/g, '"').replace(/\d+|[0-9a-f]{16,}/g, '')

  for (const page of PAGES) {
    const plain = await request(app).get(page).set('Host', 'localhost').expect(200)
    for (const probe of PROBES) {
      const probed = await request(app)
        .get(`${page}?${encodeURI(probe)}`)
        .set('Host', 'localhost')
        .expect(200)
      assert.equal(stable(probed.text), stable(plain.text), `${page}?${probe}`)
    }
  }
  assert.equal((globalThis as Record<string, unknown>).pwned, undefined)
  assert.equal(({} as Record<string, unknown>).outputFunctionName, undefined)
})

test('40 a view is handed fields by name: never a request, a query or a body as a whole', () => {
  const wholesale = /render\([^)]*\b(req|request|exchange|query|body|params)\s*[),]|\.\.\.\s*(req|exchange)?\.?(query|body|params)\b/
  assert.deepEqual(
    sources.filter(([file, text]) => file.startsWith('http/dashboard/') && wholesale.test(text)).map(([file]) => file),
    [],
  )
})
