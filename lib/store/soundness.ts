import { WaError } from '../errors'
import { type Db, isDamage, locationOf, WAY_OUT } from './database'
import { tookTooLong } from './deadline'

/**
 * Throws WA_DATABASE, with the way out, when a sqlite file is damaged: one that is would go on taking inserts for a while, and lose them.
 * Looked through for two seconds at most: of a large file the first part.
 */
export async function mustBeSound(db: Db): Promise<void> {
  if (db.dialect !== 'sqlite' || db.read === db.write) return
  const said = await db.read.raw('PRAGMA quick_check(1)').then(
    ([row]: { quick_check: string }[]) => row?.quick_check ?? 'ok',
    (error: unknown) => {
      if (tookTooLong(error)) return 'ok'
      if (isDamage(error)) return String((error as Error).message)
      throw error
    },
  )
  if (said !== 'ok') throw damaged(db, said)
}

function damaged(db: Db, said: string): WaError {
  return new WaError('WA_DATABASE', `The database file ${locationOf(db.write)} is damaged (${said.replaceAll(/\s+/g, ' ').slice(0, 200)}). ${WAY_OUT}`)
}
