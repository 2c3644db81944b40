import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in constant time. Both sides are hashed first: timingSafeEqual throws on unequal lengths, and a length is a hint too. */
export const safeEqual = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

/** Whether `given` is one of `secrets` (two are valid during rotation). Every one is compared, so the time does not tell which. */
export const isOneOf = (secrets: readonly string[], given: string): boolean => secrets.map((secret) => safeEqual(secret, given)).includes(true)

/** `sha256=` and 64 hex digits, upper or lower case. */
const SIGNATURE = /^sha256=([0-9a-f]{64})$/i

/** Whether a header has the form of a signature; whether it is the right one is another question. */
export const isSignature = (header: string | undefined): boolean => SIGNATURE.test(header ?? '')

/** Whether `header` (X-Hub-Signature-256) is the HMAC-SHA256 of the raw bytes under one of the keys. */
export function hmacMatches(secretKeys: readonly string[], rawBytes: Buffer, header: string | undefined): boolean {
  const given = SIGNATURE.exec(header ?? '')?.[1]
  if (given === undefined) return false
  // Both sides have 32 bytes; every key is tried, so the time does not tell which it was.
  const bytes = Buffer.from(given, 'hex')
  return secretKeys.map((key) => timingSafeEqual(createHmac('sha256', key).update(rawBytes).digest(), bytes)).includes(true)
}

/** The last four characters, for people to tell two secrets apart. Of a short one nothing: four would be half of it. */
export const maskSecret = (secret: string): string => `••••${secret.length > 8 ? secret.slice(-4) : ''}`

/** Words of a provider without whole phone numbers and without anything that looks like a key (Meta echoes a malformed access token). */
export const withoutSecrets = (text: string): string =>
  text.replace(/\w{24,}/g, (word) => (/\d/.test(word) ? `…${word.slice(-4)}` : word)).replace(/\d{8,}/g, (digits) => `…${digits.slice(-4)}`)
