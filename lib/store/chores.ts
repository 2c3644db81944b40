import type { Db } from './database'

/** Takes something that is to be done every so often, by one of all instances: answers whether it is ours this time. */
export async function takeChore(db: Db, name: string, everyMs: number, now: number): Promise<boolean> {
  const due = db.write('wa_chores').where({ name }).where('due_at', '<=', now)
  if ((await due.update({ due_at: now + everyMs })) > 0) return true
  if ((await db.write('wa_chores').where({ name }).select('name')).length > 0) return false
  // Never done before: of several who find that, the unique name lets one through.
  return db
    .write('wa_chores')
    .insert({ name, due_at: now + everyMs })
    .then(
      () => true,
      () => false,
    )
}
