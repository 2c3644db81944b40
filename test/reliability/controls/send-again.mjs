// A library that sends again what was leaving when its process ended. The invariants must find what the customer gets twice.
import { createRequire } from 'node:module'

const departures = createRequire(import.meta.url)('../../../dist/lib/store/departures.js')
departures.expireLeases = async (db, now) =>
  db
    .write('wa_messages')
    .where({ status: 'sending' })
    .where('lease_until', '<', Date.now())
    .update({ status: 'queued', next_at: now, lease_until: null, lease_token: null })
