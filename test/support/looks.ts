import { engineOf } from './wire-host'

/** Looks of the live watch at the database, so that nothing has to be waited for by the clock. */
export async function looks(wa: object, count: number): Promise<void> {
  const db = engineOf(wa as never).db.read
  let left = count
  await new Promise<void>((resolve) => {
    const seen = ({ sql }: { sql: string }): void => {
      if (!sql.includes('changed_at')) return
      if (--left > 0) return
      db.off('query', seen)
      resolve()
    }
    db.on('query', seen)
  })
}
