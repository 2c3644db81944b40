import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { buttons, cloudApi, exotel, waInteractive } from '../../lib/index'
import { openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import { testOptions } from '../../lib/testing'
import { fakeCloudApi, signatureOf, statusBody } from '../fakes/fake-cloud-api'
import { fakeExotel } from '../fakes/fake-exotel'
import { engineOf, PHONE_NUMBER_ID, SECRET, TOKEN, wireHost } from '../support/wire-host'

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8)

test('36 the database file, and what stands beside it, is for its owner alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wa-mode-'))
  const before = process.umask(0o000)
  try {
    const db = await openDatabase(`sqlite:${join(folder, 'wa.sqlite')}`)
    await migrate(db)
    const files = readdirSync(folder)
    await db.close()

    assert.ok(files.length >= 2, 'the write-ahead log is there too')
    assert.deepEqual(
      readdirSync(folder).map((file) => modeOf(join(folder, file))),
      readdirSync(folder).map(() => '600'),
    )
  } finally {
    process.umask(before)
    rmSync(folder, { recursive: true })
  }
})

/** What the two providers, the API and the dashboard are given to keep. */
const SECRETS = {
  accessToken: 'EAAG-access-token-4711',
  appSecret: SECRET,
  verifyToken: 'verify-token-4712',
  webhookToken: TOKEN,
  apiKey: 'exotel-key-4713',
  apiToken: 'exotel-token-4714',
  ours: 'our-api-key-with-4715',
}

test('36 no secret is stored, and none is shown but by its last four characters', { timeout: 30_000 }, async (t) => {
  const { accessToken, appSecret, verifyToken, webhookToken, apiKey, apiToken, ours } = SECRETS
  const [meta, theirs] = [await fakeCloudApi(accessToken), await fakeExotel(apiKey, apiToken)]
  const { control: _control, provider: _provider, ...usual } = testOptions()
  const wa = waInteractive({
    ...usual,
    numbers: {
      meta: cloudApi({ phoneNumberId: PHONE_NUMBER_ID, accessToken, appSecret, verifyToken, baseUrl: meta.url }),
      exotel: exotel({ accountSid: 'sid', apiKey, apiToken, from: '+918000000001', webhookToken, baseUrl: theirs.url }),
    },
    apiKeys: [{ name: 'shop', key: ours, scope: 'admin' }],
  })
  t.after(async () => {
    await wa.close()
    await Promise.all([meta.close(), theirs.close()])
  })
  await wa.start()
  const app = express().use(wa)
  const body = JSON.stringify(MESSAGE('hi'))
  const knocks = async (path: string, signature: string) =>
    (await request(app).post(path).set('Content-Type', 'application/json').set('X-Hub-Signature-256', signature).serialize(String).send(body)).status

  // Each of them is needed, used and right; a wrong one opens nothing.
  assert.deepEqual([await knocks('/wa/webhook/meta', signatureOf(body, appSecret)), await knocks('/wa/webhook/meta', signatureOf(body, 'another'))], [200, 401])
  assert.deepEqual([await knocks(`/wa/webhook/exotel?token=${webhookToken}`, ''), await knocks('/wa/webhook/exotel?token=another', '')], [200, 401])
  await request(app).get(`/wa/webhook/meta?hub.mode=subscribe&hub.verify_token=${verifyToken}&hub.challenge=7`).expect(200, '7')
  for (const number of ['meta', 'exotel'])
    await request(app)
      .post('/wa/api/messages')
      .set('Authorization', `Bearer ${ours}`)
      .send({ to: `+${PHONE}`, message: { text: 'hello' }, number })
      .expect(202)
  await wa.idle()
  assert.match(JSON.stringify(meta.requests.map(({ headers }) => headers)), new RegExp(accessToken))
  assert.match(JSON.stringify(theirs.requests.map(({ headers }) => headers)), new RegExp(Buffer.from(`${apiKey}:${apiToken}`).toString('base64')))
  const pages = await Promise.all(
    ['/wa/', '/wa/settings', '/wa/outbox', '/wa/audit'].map(async (page) => (await request(app).get(page).set('Host', 'localhost').expect(200)).text),
  )

  const shown = pages.join() + JSON.stringify([...engineOf(wa).lines.values()].map(({ provider }) => provider.settings))
  const bytes = await everyByte(wa, engineOf(wa).settled.database as string)
  for (const [name, secret] of Object.entries(SECRETS))
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      assert.equal(bytes.includes(form), false, `${name} is stored`)
      assert.equal(shown.includes(form), false, `${name} is shown`)
    }
  assert.match(shown, /4711/, 'the last four of one are shown, so that one can tell which it is')
})

const PHONE = '919876501234'
const WORDS = 'Zebedee'
const MESSAGE = (text: string) => ({
  entry: [
    {
      changes: [
        {
          field: 'messages',
          value: {
            contacts: [{ wa_id: PHONE, user_id: 'IN.Zebedee1', profile: { name: 'Zebedee Quux', username: 'zebedee.q' } }],
            messages: [
              {
                from: PHONE,
                from_user_id: 'IN.Zebedee1',
                id: `wamid.${text.length}`,
                timestamp: String(Math.floor(Date.now() / 1000)),
                type: 'text',
                text: { body: text },
              },
            ],
          },
        },
      ],
    },
  ],
})

test('37 erasing leaves no byte of a customer in the file: no number, no name, no word of either side', async () => {
  const confirm = buttons('confirm', { body: 'Dear {{name}}, keep it?', buttons: [{ id: 'keep', title: 'Keep it' }] })
  await using host = await wireHost('cloud-api', { menus: [confirm] })
  const { wa, knex } = host
  wa.on('text', { name: 'fails', attempts: 1 }, ({ text }) => {
    if (text.includes('fails')) throw new Error(`cannot serve ${WORDS} at +${PHONE}`)
  })
  await host.comes(MESSAGE(`${WORDS} writes`))
  await host.comes(MESSAGE(`${WORDS} writes what fails`))
  await wa.contacts.set(`+${PHONE}`, { externalId: 'crm-Zebedee', language: 'hi', attributes: { since: 'Zebedee' } })
  const sent = await wa.send(`+${PHONE}`, confirm, { name: WORDS })
  await wa.send(`+${PHONE}`, { text: `Hello ${WORDS}` })
  await wa.idle()
  await host.comes(
    statusBody({
      id: host.fake.taken[0]?.id ?? '',
      status: 'failed',
      timestamp: '1795150000',
      recipient_id: PHONE,
      errors: [{ code: 1, error_data: { details: `${WORDS} is not there` } }],
    }),
  )
  // Bodies that name the customer and hang on nobody: a status of a message that is not ours, a group, a field we do not know.
  await host.comes(statusBody({ id: 'wamid.unknown', status: 'read', timestamp: '1795150000', recipient_id: PHONE }))
  await host.comes({
    entry: [
      {
        changes: [
          {
            field: 'messages',
            value: { messages: [{ from: PHONE, group_id: 'g1', id: 'wamid.g', timestamp: '1795150000', type: 'text', text: { body: 'in a group' } }] },
          },
        ],
      },
    ],
  })
  await host.comes({ entry: [{ changes: [{ field: 'user_preferences', value: { user_id: 'IN.Zebedee1' } }] }] })
  await host.engine.decideMessage(sent.id, 'retry', { id: 'u1', name: 'Meera' })
  await wa.idle()
  const counts = async () => Promise.all(['wa_messages', 'wa_events'].map(async (table) => (await knex(table)).length))
  const before = await counts()

  await wa.contacts.erase(`+${PHONE}`)
  const after = await counts()
  await host.comes(MESSAGE(`${WORDS} writes`))

  assert.deepEqual(after, before, 'rows stay as empty shells')
  assert.deepEqual(await counts(), before, 'a late duplicate is still known')
  const bytes = await everyByte(wa, host.engine.settled.database as string)
  for (const trace of [PHONE, WORDS, 'zebedee', 'crm-', 'in a group']) assert.equal(bytes.includes(trace), false, trace)
})

/** All that stands in the files of a database, once nobody has it open. */
async function everyByte(wa: { close(): Promise<void> }, url: string): Promise<string> {
  await wa.close()
  const file = url.replace(/^sqlite:/, '')
  return [file, `${file}-wal`, `${file}-journal`].map((name) => (existsSync(name) ? readFileSync(name).toString('latin1') : '')).join('')
}
