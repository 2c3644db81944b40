import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'

const hello = text('hello', { body: 'Hello' })
const key = { name: 'shop', key: 'x'.repeat(24), scope: 'send' }

/** What is given, the option it is about, and a word that tells the way out. */
const WRONG: [options: unknown, path: string, says: RegExp][] = [
  [null, '', /takes an object of options, or nothing/],
  ['simulator', '', /it was given "simulator"/],
  [{ menu: [hello] }, 'menu', /Did you mean "menus"/],
  [{ menus: 'x' }, 'menus', /made by list\(\)/],
  [{ menus: [{ key: 'x' }] }, 'menus', /made by list\(\)/],
  [{ menus: [hello, hello] }, 'menus', /Two menus have the key "hello"/],
  [{ flows: [1] }, 'flows', /made by flow\(\)/],
  [{ path: 5 }, 'path', /Option path is 5; it must be a text/],
  [{ path: 'wa' }, 'path', /begins with \//],
  [{ publicUrl: 'http://shop.example/wa' }, 'publicUrl', /https address/],
  [{ publicUrl: 'shop' }, 'publicUrl', /https address/],
  [{ provider: {} }, 'provider', /exotel\(\), cloudApi\(\) or simulator\(\)/],
  [{ provider: 'exotel' }, 'provider', /Option provider is "exotel"/],
  [{ numbers: [] }, 'numbers', /\{ support: exotel/],
  [{ numbers: { support: 'exotel' } }, 'numbers', /\{ support: exotel/],
  [{ database: 5 }, 'database', /sqlite:/],
  [{ database: {} }, 'database', /knex configuration/],
  [{ migrate: 'no' }, 'migrate', /true or false/],
  [{ authorize: 'x' }, 'authorize', /\(req\) =>/],
  [{ apiKeys: 'x' }, 'apiKeys', /a list of keys/],
  [{ apiKeys: [{ key: 'x'.repeat(24) }] }, 'apiKeys', /name, key, scope/],
  [{ apiKeys: [key, key] }, 'apiKeys', /Two API keys have the name "shop"/],
  [{ logger: {} }, 'logger', /debug, info, warn and error/],
  [{ webhook: 'yes' }, 'webhook', /true or false/],
  [{ api: 1 }, 'api', /true or false/],
  [{ dashboard: 'x' }, 'dashboard', /fits it into the host/],
  [{ dashboard: { titel: 'x' } }, 'dashboard.titel', /Did you mean "title"/],
  [{ worker: 'yes' }, 'worker', /concurrency/],
  [{ worker: { concurrency: 0 } }, 'worker.concurrency', /1 to 1000/],
  [{ language: 1 }, 'language', /a text/],
  [{ retention: 30 }, 'retention', /messagesDays/],
  [{ retention: { messagesDays: 0 } }, 'retention.messagesDays', /from 1/],
  [{ autoStart: 'no' }, 'autoStart', /true or false/],
  [{ now: 5 }, 'now', /answers a Date/],
  [{ defaultCountry: 'IN' }, 'defaultCountry', /such as "91"/],
  [{ expireAfterMs: -1 }, 'expireAfterMs', /from 1000/],
  [{ holdAfterMs: 1000 }, 'holdAfterMs', /from 300000/],
  [{ perRecipientHour: '200' }, 'perRecipientHour', /from 1/],
]

for (const [options, path, says] of WRONG) {
  test(`refused by name: ${JSON.stringify(options) ?? String(options)}`, () => {
    assert.throws(
      () => waInteractive(options as never),
      (error: { code: string; message: string; faults: { path: string }[] }) => {
        assert.equal(error.code, 'WA_OPTION_INVALID')
        assert.match(error.message, says)
        assert.ok(
          error.faults.some((fault) => fault.path === path),
          JSON.stringify(error.faults),
        )
        return true
      },
    )
  })
}

test('everything that is wrong is said at once', () => {
  assert.throws(() => waInteractive({ path: 5, now: 5, menus: 1 } as never), /path.*now.*menus/)
})

test('a logger that throws ends nothing that it was told of', async () => {
  const throws = (): never => {
    throw new Error('the disk of the log is full')
  }
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options, logger: { debug: throws, info: throws, warn: throws, error: throws } })
  await wa.start()
  wa.on('text', () => {
    throw new Error('a listener that fails is logged')
  })
  await assert.rejects(
    waInteractive({
      ...options,
      database: 'sqlite:/nowhere/x.sqlite',
      autoStart: false,
      logger: { debug: throws, info: throws, warn: throws, error: throws },
    }).start(),
    {
      code: 'WA_DATABASE',
    },
  )
})
