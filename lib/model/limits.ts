/**
 * What WhatsApp accepts, every number once; validation, the editor's counters, lint, types and docs read it here.
 * Lengths are in code points (`codePoints`); the least is 1 wherever something is required at all.
 * Sources: [E] Exotel "WhatsApp Interactive Messages"; [M] Meta "Interactive messages" and "Templates"; [L] an answer of the live API.
 */
export const LIMITS = {
  /** Tags of a menu, and characters of each: ours, so that a line of the list holds them. */
  tags: 8,
  tag: 30,
  /** Body of `button`, `list`, `cta_url`, `cta_phone`. [E]; Meta's page says 4096 for lists, the live API refuses more than 1024. [L] */
  body: 1024,
  /** A text message. [M] */
  text: 4096,
  /** [M]; [E] for lists. */
  headerText: 60,
  /** [E] */
  footer: 60,
  /** Reply buttons of one message. [E][L] */
  buttons: 3,
  /** [E][L] */
  buttonTitle: 20,
  /** [E] */
  buttonId: 256,
  /** The words on the button that opens a list. [E] */
  listButton: 20,
  /** [E] */
  sections: 10,
  /** Rows over all sections together. [E][L] */
  rows: 10,
  /** [M]; needed as soon as there is a second section. */
  sectionTitle: 24,
  /** [E][L] */
  rowTitle: 24,
  /** [E] */
  rowDescription: 72,
  /** [E] */
  rowId: 200,
  /** URL buttons of a session message. [M]; the 2 of [E] leave as a template. */
  urlButtons: 1,
  /** URL buttons of a template. [E][M] */
  templateUrlButtons: 2,
  /** Phone buttons of a template; no session message can carry one. [E][M] */
  templatePhoneButtons: 1,
  /** Label of a URL button in a session message. [M] */
  urlButtonTitle: 20,
  /** Label of any button of a template. [M] */
  templateButtonTitle: 25,
  /** Address behind a URL button or of a media file. [M], where templates are made. */
  url: 2000,
  /** Phone number behind a phone button. [M], where templates are made. */
  phone: 20,
  /** [M] */
  templateName: 512,
  /** Cards of a carousel, which leaves as `raw`. [M] */
  carouselCards: 10,
  carouselCardsLeast: 2,
  /** Words under an image, a video or a document. [M] */
  caption: 1024,
  /** Our own: ids of uploaded files and of messages are far shorter. */
  mediaId: 256,
  /** Our own: file names of documents, short enough for every file system. */
  filename: 240,
  /** Our own: `[a-z0-9][a-z0-9-]{0,63}`. */
  key: 64,
  /** The session window: hours from the customer's last words. [E][M] */
  windowHours: 24,
} as const

/** Length as WhatsApp's own schema counts it: an emoji of one code point is 1, a family of four is 7. */
export function codePoints(text: string): number {
  let count = 0
  for (const _point of text) count++
  return count
}
