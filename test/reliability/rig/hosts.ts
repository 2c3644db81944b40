import { join } from 'node:path'

/** How a host is started, and the line by which it tells the port at which it takes requests. */
export interface Host {
  args: readonly string[]
  env(database: string, provider: string): Record<string, string>
  port: RegExp
}

export const TOKEN = 'a-long-webhook-token'
const ROOT = join(__dirname, '..', '..', '..')

/**
 * The example host, started as `npm start` starts it and told everything by the environment, as a customer's deployment is. It runs on what is built: the
 * paths of our own tsconfig would lead it to the source.
 */
export const orderDesk: Host = {
  args: [join(ROOT, 'scripts', 'start.mjs')],
  env: (database, provider) => ({
    PORT: '0',
    TSX_TSCONFIG_PATH: join(__dirname, 'desk.tsconfig.json'),
    WA_DATABASE_URL: database,
    WA_PROVIDER: 'exotel',
    EXOTEL_ACCOUNT_SID: 'sid',
    EXOTEL_API_KEY: 'key',
    EXOTEL_API_TOKEN: 'token',
    EXOTEL_FROM: '+918000000001',
    EXOTEL_BASE_URL: provider,
    EXOTEL_WEBHOOK_TOKEN: TOKEN,
    EXOTEL_PER_SECOND: '1000',
  }),
  port: /Dashboard\s+http:\/\/localhost:(\d+)\//,
}

/** A small host whose listeners do what those of the order desk do not: fail, stand beside another, end their process, and tell of their ends. */
export const listeners: Host = {
  args: [join(__dirname, 'host.mjs')],
  env: (database, provider) => ({ RIG_DATABASE: database, RIG_PROVIDER: provider }),
  port: /^PORT (\d+)$/,
}
