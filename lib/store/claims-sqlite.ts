import { CLOCK } from './lease'
import type { Prepared } from './prepared'

/** Columns of an event, in the order in which a taken one is answered. */
export const EVENT = [
  ...[
    'id',
    'dedupe',
    'number',
    'type',
    'conversation_id',
    'message_id',
    'provider_key',
    'ref',
    'payload',
    'raw',
    'state',
    'late',
    'planned',
    'attempts',
    'crashes',
  ],
  ...['replays', 'error', 'at', 'created_at', 'finished_at', 'next_at', 'lease_until', 'lease_token'],
]
/** What changes as an event is taken; the other columns stay. */
const TAKEN: Readonly<Record<string, string>> = {
  state: "'running'",
  planned: 'iif(g.runs is null, e.planned, 1)',
  attempts: 'e.attempts + 1',
  crashes: "iif(e.state = 'running', e.crashes + 1, e.crashes)",
  lease_until: `${CLOCK.sqlite} + ?4`,
  lease_token: '?3',
}

/**
 * Takes events and writes down who hears them with one statement, as arrivals are stored: a view of this connection, whose trigger writes the rows.
 * There is no other writer while it runs. `?1` is a list of `[id, runs, leaves the step, contact, mode, step, …]`, of which all but the id is null when
 * nothing was chosen; `?2` is now, `?3` and `?4` are the lease. Answers the rows of those that were still due, and whose customer stands where they stood.
 */
export const takingOnSqlite = (isDue: string, isFree: string): Prepared => ({
  name: 'wa_takings',
  setup: `
    create temp view if not exists wa_takings (${EVENT.join(', ')}, runs, leaves_step, now) as select ${EVENT.map(() => 'null').join(', ')}, null, null, null where 0;
    create temp trigger if not exists wa_takings_insert instead of insert on wa_takings begin
      update wa_events set ${Object.keys(TAKEN)
        .map((column) => `${column} = new.${column}`)
        .join(', ')} where id = new.id;
      insert into wa_runs (event_id, listener, position, state, snapshot)
        select new.id, value ->> 0, key, 'waiting', value ->> 1 from json_each(new.runs);
      update wa_conversations set step = null, changed_at = new.now where id = new.conversation_id and new.leaves_step;
    end`,
  sql: `insert into wa_takings
    select ${EVENT.map((column) => TAKEN[column] ?? `e.${column}`).join(', ')}, g.runs, g.leaves_step, ?2
    from (select value ->> 0 as id, value -> 1 as runs, value ->> 2 as leaves_step, value ->> 3 as contact_id, value ->> 4 as mode, value ->> 5 as step from json_each(?1)) g
    join wa_events e on e.id = g.id left join wa_conversations v on v.id = e.conversation_id
    where ${isDue} and ${isFree} and (g.runs is null or (v.contact_id = g.contact_id and v.mode = g.mode and v.step is g.step))
    returning json_array(${EVENT.join(', ')}) as event`,
})
