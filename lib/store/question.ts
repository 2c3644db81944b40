import type { Query } from './database'

/** What a page wants to know: a SELECT, and what is made of its rows. */
export interface Question<T> {
  /** Names of its columns, in order. */
  readonly columns: readonly string[]
  readonly sql: string
  readonly values: readonly (string | number)[]
  read(rows: readonly Cells[]): T
}
/** The values of one row, in the order of the columns. PostgreSQL writes whole numbers as text. */
export type Cells = readonly (string | number | null)[]

type Answers<Q extends readonly Question<unknown>[]> = { [Nth in keyof Q]: Q[Nth] extends Question<infer T> ? T : never }

/** Answers some questions: on sqlite at once, as of one moment; elsewhere one after the other. */
export async function ask<const Q extends readonly Question<unknown>[]>(query: Query, ...questions: Q): Promise<Answers<Q>> {
  const found = query.client.driverName === 'sqlite3' ? await asTexts(query, questions) : await asRows(query, questions)
  return questions.map((question, nth) => question.read(found[nth] ?? [])) as Answers<Q>
}

/** The rows of each question as one text: node-sqlite3 makes every cell by itself and names it anew, which takes four times as long as JSON does. */
async function asTexts(query: Query, questions: readonly Question<unknown>[]): Promise<Cells[][]> {
  const texts = questions.map(({ columns, sql }, nth) => `(select json_group_array(json_array(${columns.join(', ')})) from (${sql})) as answer${nth}`)
  const [row] = await rowsOf(
    query,
    `select ${texts.join(', ')}`,
    questions.flatMap(({ values }) => values),
  )
  return questions.map((_, nth) => JSON.parse(String(row?.[`answer${nth}`] ?? '[]')) as Cells[])
}

async function asRows(query: Query, questions: readonly Question<unknown>[]): Promise<Cells[][]> {
  const found: Cells[][] = []
  for (const { sql, values } of questions) found.push((await rowsOf(query, sql, values)).map((row) => Object.values(row)))
  return found
}

type Row = Record<string, string | number | null>

/** The rows of a statement in SQL, as each driver hands them over. */
export async function rowsOf(query: Query, sql: string, values: readonly (string | number)[] = []): Promise<Row[]> {
  const answer = (await query.raw(sql, [...values])) as Row[] | { rows: Row[] } | [Row[], unknown]
  if (!Array.isArray(answer)) return answer.rows
  return query.client.driverName === 'sqlite3' ? (answer as Row[]) : (answer as [Row[], unknown])[0]
}
