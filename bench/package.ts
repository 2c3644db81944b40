import { join } from 'node:path'

/** The built package, as users run it: `npm run bench` builds it first. BENCH_DIST names another build, to compare two in one run. */
const dist = process.env.BENCH_DIST ?? join(__dirname, '..', 'dist')

export const library = require(join(dist, 'lib/index.js')) as typeof import('../lib/index')
export const part = <T>(file: string): T => require(join(dist, 'lib', file)) as T
export const { openDatabase } = part<typeof import('../lib/store/database')>('store/database.js')
export const { migrate } = part<typeof import('../lib/store/migrate')>('store/migrate.js')
