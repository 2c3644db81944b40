import type { Catalogue } from '../say'
import { CODES_SAID } from './codes'
import { CONVERSATIONS } from './conversations'
import { ERRORS, REFUSALS } from './errors'
import { MENUS } from './menus'
import { MODEL } from './model'
import { PAGES } from './pages'
import { PHONE } from './phone'
import { QUEUES } from './queues'
import { TAGS, TAGS_SAID } from './tags'
import { ZONE } from './zone'

/**
 * Hindi as people in operations speak it, with WhatsApp's own words: चैट, मैसेज, टेम्प्लेट, बटन, अकाउंट, आईडी. A dot below stands under ज and फ
 * (and native ड, ढ) only, as Google and WhatsApp write. What a value stands for may be of either gender, so no ending hangs on it: `{thing}: …`.
 */
export const HINDI: Catalogue = {
  words: { ...PAGES, ...CONVERSATIONS, ...QUEUES, ...MENUS, ...PHONE, ...TAGS, ...ZONE, ...ERRORS },
  said: { ...MODEL, ...TAGS_SAID, ...CODES_SAID, ...REFUSALS },
}
