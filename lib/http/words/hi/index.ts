import type { Catalogue } from '../say'
import { CONVERSATIONS } from './conversations'
import { ERRORS } from './errors'
import { PAGES } from './pages'
import { PHONE } from './phone'
import { QUEUES } from './queues'
import { TAGS } from './tags'
import { ZONE } from './zone'

/** Hindi as people in operations speak it, with WhatsApp's own words: चैट, मैसेज, टेम्प्लेट, बटन. */
export const HINDI: Catalogue = { words: { ...PAGES, ...CONVERSATIONS, ...QUEUES, ...PHONE, ...TAGS, ...ZONE, ...ERRORS }, said: {} }
