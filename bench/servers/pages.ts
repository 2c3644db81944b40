import { join } from 'node:path'
import express from 'express'
import { host } from '../kit/host'
import { library, openDatabase, part } from '../package'

/** BENCH_PAGES: `ours`, the dashboard's list of conversations; `express`, the same lines drawn by res.render with EJS as it comes; `express+db`, with the same queries. */
const kind = process.env.BENCH_PAGES
const url = process.env.BENCH_DATABASE ?? ''
const app = express()
process.env.NODE_ENV = undefined
const { listConversations } = part<typeof import('../../lib/store/conversations')>('store/conversations.js')
const { contactsById } = part<typeof import('../../lib/store/contacts')>('store/contacts.js')

if (kind === 'ours') {
  const wa = library.waInteractive({ provider: library.simulator(), database: url, logger: false })
  app.use(wa)
  host(app, { ready: () => wa.start(), end: () => wa.close() })
} else {
  app.set('view engine', 'ejs')
  app.set('views', join(__dirname, '..', 'views'))
  app.enable('view cache')
  const opening = openDatabase(url)
  const lines = async () => {
    const { read } = await opening
    const { items } = await listConversations(read, { limit: 50 })
    const contacts = await contactsById(
      read,
      items.map((one) => one.contact_id),
    )
    return items.map((one) => ({ ...one, name: contacts.get(one.contact_id)?.name ?? contacts.get(one.contact_id)?.phone ?? '?' }))
  }
  const kept = lines()
  app.get('/wa/conversations', async (_req, res) =>
    res.render('conversations', { lines: kind === 'express' ? await kept : await lines(), title: 'Conversations' }),
  )
  host(app, { ready: async () => void (await kept), end: () => opening.then((db) => db.close()) })
}
