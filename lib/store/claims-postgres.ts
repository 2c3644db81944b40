import { CLOCK } from './lease'
import type { Prepared } from './prepared'

/**
 * Takes fresh messages and writes down who hears them with one statement. `$1` is a list of `[id, runs, leaves the step, contact, mode, step, conversation,
 * when that changed last]`, `$2` is now, `$3` and `$4` are the lease. Answers the rows of those that were taken; the others are to be looked at under a lock.
 *
 * A statement sees what was there when it began. What another instance took of the same conversation since then is seen by its row: each take of what
 * stepped aside leaves a mark there (`changed_at`), and earlier messages that were there keep this one back whether they run or not.
 */
export const TAKING_POSTGRES: Prepared = {
  name: 'wa_takings',
  sql: `
    with given as materialized (
      select (g ->> 0)::bigint as id, g -> 1 as runs, (g ->> 2)::int as leaves_step, (g ->> 3)::bigint as contact_id, g ->> 4 as mode, g ->> 5 as step,
             (g ->> 6)::bigint as conversation_id, (g ->> 7)::bigint as changed_at
      from json_array_elements($1::json) g
    ), held as materialized (
      select v.id from wa_conversations v join given g on g.conversation_id = v.id
      where v.contact_id = g.contact_id and v.mode = g.mode and v.step is not distinct from g.step and v.changed_at = g.changed_at
      order by v.id for update of v skip locked
    ), taken as (
      update wa_events e set state = 'running', planned = 1, attempts = 1, lease_until = ${CLOCK.postgres} + $4::bigint, lease_token = $3
      from given g where e.id = g.id and e.conversation_id in (select id from held) and e.state = 'waiting' and e.late = 0 and e.attempts = 0 and e.planned = 0
        and not exists (select 1 from wa_events o where o.conversation_id = e.conversation_id and o.next_at is not null and o.id <> e.id
                        and (o.id < e.id or o.late = 1 or o.state = 'running'))
      returning e.*
    ), chosen as (
      insert into wa_runs (event_id, listener, position, state, snapshot)
      select g.id, r.value ->> 0, r.nth - 1, 'waiting', r.value ->> 1
      from given g cross join lateral json_array_elements(g.runs) with ordinality r (value, nth) where g.id in (select id from taken)
    ), moved as (
      update wa_conversations v set step = null, changed_at = $2::bigint
      from given g where g.conversation_id = v.id and g.leaves_step = 1 and g.id in (select id from taken)
    )
    select * from taken`,
}
