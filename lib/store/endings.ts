import type { Db } from './database'
import type { EventRow } from './events'
import { onConnection, type Prepared } from './prepared'
import { finishEvent } from './queue'
import { type Run, recordRun } from './runs'

/** An attempt that ended well. */
export interface Ending {
  event: EventRow
  state: 'done' | 'unhandled'
  /** The last listener's work, written down with the end; null when nobody heard it, or all is written down. */
  run: Run | null
}

/**
 * Records how attempts ended, all with one commit. Fenced by their leases: answers for each whether it was still the one. Done twice it is not: but then
 * the lease is gone, and nothing changes.
 */
export async function endTogether(db: Db, endings: readonly Ending[], now: number): Promise<boolean[]> {
  if (db.dialect === 'mysql') return Promise.all(endings.map((ending) => endAlone(db, ending, now)))
  const given = endings.map(({ event, state, run }) => [event.id, event.lease_token, state, run?.position ?? null, run?.state ?? null, run?.attempts ?? null])
  const rows = await onConnection(db.write, (run) =>
    run<{ id: number | string }>(db.dialect === 'sqlite' ? ENDINGS_SQLITE : ENDINGS_POSTGRES, [JSON.stringify(given), now]),
  )
  const mine = new Set(rows.map(({ id }) => Number(id)))
  return endings.map(({ event }) => mine.has(event.id))
}

const endAlone = (db: Db, { event, state, run }: Ending, now: number): Promise<boolean> =>
  db.tx(async (trx) => (run === null || (await recordRun(trx, event, run, now))) && (await finishEvent(trx, event, { state }, now)))

const FIELDS = ['id', 'token', 'state', 'position', 'run_state', 'run_attempts']
/** It ended, and its process lives. */
const ENDED = 'next_at = null, crashes = 0, error = null, lease_until = null, lease_token = null'

/** As with arrivals, a view of this connection whose trigger writes the rows. */
const ENDINGS_SQLITE: Prepared = {
  name: 'wa_endings',
  setup: `
    create temp view if not exists wa_endings (${FIELDS.join(', ')}, now) as select ${FIELDS.map(() => 'null').join(', ')}, null where 0;
    create temp trigger if not exists wa_endings_insert instead of insert on wa_endings begin
      update wa_runs set state = new.run_state, attempts = new.run_attempts, error = null, finished_at = new.now
        where event_id = new.id and position = new.position;
      update wa_events set state = new.state, finished_at = new.now, ${ENDED} where id = new.id;
    end`,
  sql: `insert into wa_endings select ${FIELDS.map((field) => `g.${field}`).join(', ')}, ?2
    from (select ${FIELDS.map((field, at) => `value ->> ${at} as ${field}`).join(', ')} from jsonb_each(?1)) g
    join wa_events e on e.id = g.id where e.state = 'running' and e.lease_token = g.token returning id`,
}

const ENDINGS_POSTGRES: Prepared = {
  name: 'wa_endings',
  sql: `
    with given as materialized (
      select (g ->> 0)::bigint as id, g ->> 1 as token, g ->> 2 as state, (g ->> 3)::int as position, g ->> 4 as run_state, (g ->> 5)::int as run_attempts
      from json_array_elements($1::json) g
    ), held as materialized (
      select e.id from wa_events e join given g on g.id = e.id and g.token = e.lease_token where e.state = 'running' order by e.id for update of e
    ), ended as (
      update wa_events e set state = g.state, finished_at = $2::bigint, ${ENDED} from given g where g.id = e.id and e.id in (select id from held) returning e.id
    ), recorded as (
      update wa_runs r set state = g.run_state, attempts = g.run_attempts, error = null, finished_at = $2::bigint
      from given g where r.event_id = g.id and r.position = g.position and g.id in (select id from held)
    )
    select id from ended`,
}
