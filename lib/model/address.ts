/** Why an address cannot be sent, and the way out; null when it can. `secure`: https only, as for media that the provider fetches. */
export function addressProblem(address: string, secure = false): { what: string; fix: string } | null {
  const fix = `Write a full address such as https://shop.example/${secure ? 'photo.jpg' : 'orders'}.`
  // The parser drops tabs and line breaks wherever they are, so "java\nscript:" must not reach it.
  if (/[\s\p{Cc}]/u.test(address)) return { what: 'has a space or a line break in it', fix: 'Take it out; a space in an address is %20.' }
  if (!URL.canParse(address)) return { what: 'is not a full address', fix }
  const url = new URL(address)
  if (url.protocol !== 'https:' && (secure || url.protocol !== 'http:'))
    return { what: `begins with ${url.protocol.slice(0, 24)}, and only https:${secure ? '' : ' and http:'} can be opened`, fix }
  if (!/^https?:\/\//i.test(address)) return { what: 'is not a full address', fix }
  if (url.username !== '' || url.password !== '') return { what: 'holds a user name or password', fix: 'Take out what stands before the @.' }
  if (isInside(url.hostname)) return { what: 'leads to a private machine, which no customer can reach', fix }
  return null
}

/** Loopback, private, link-local and the like, as literals. The parser has already turned 0x7f.1 and 2130706433 into 127.0.0.1. */
function isInside(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === 'localhost.') return true
  if (host.startsWith('[')) return isInsideV6(host.slice(1, -1))
  const parts = /^(\d+)\.(\d+)\.\d+\.\d+\.?$/.exec(host)
  return parts !== null && isInsideV4(Number(parts[1]), Number(parts[2]))
}

/** Source: IANA "IPv4 Special-Purpose Address Registry". */
const isInsideV4 = (a: number, b: number): boolean =>
  a === 0 ||
  a === 10 ||
  a === 127 ||
  a >= 224 ||
  (a === 100 && b >= 64 && b < 128) ||
  (a === 169 && b === 254) ||
  (a === 172 && b >= 16 && b < 32) ||
  (a === 192 && b === 168) ||
  (a === 198 && (b === 18 || b === 19))

/** Source: IANA "IPv6 Special-Purpose Address Registry". Addresses of IPv4 inside IPv6 are refused as a whole. */
const isInsideV6 = (host: string): boolean => /^(::|f[cd]|fe[89ab]|ff|64:ff9b:)/.test(host)
