import * as conversations from './conversations'
import * as events from './events'
import * as menus from './menus'
import * as messages from './messages'
import { describing } from './openapi'
import type { ApiRoute } from './route'

/** The whole API: what may be asked, and with which key. */
export const ROUTES: readonly ApiRoute[] = describing([messages, menus, conversations, events].flatMap((resource) => resource.routes))
