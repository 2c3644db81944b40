/** The fields of a form as a browser without JavaScript would send them: what is written in them, radios and ticks that are chosen. */
export function fieldsOf(html: string, id = '_form'): Record<string, string> {
  const form = new RegExp(`<form[^>]*id="${id}"[\\s\\S]*?</form>`).exec(html)?.[0] ?? ''
  const outside = html.match(new RegExp(`<input[^>]*form="${id}"[^>]*>`, 'g'))?.join('') ?? ''
  const fields: Record<string, string> = {}
  for (const [whole, tag] of (form + outside).matchAll(/<(input|textarea)\b[^>]*>/g)) {
    const name = attribute(whole, 'name')
    if (name === null || (/type="(radio|checkbox)"/.test(whole) && !/\schecked\b/.test(whole)) || name.endsWith('[]')) continue
    fields[name] = tag === 'textarea' ? textarea(form, whole) : (attribute(whole, 'value') ?? '')
  }
  return fields
}

const attribute = (tag: string, name: string): string | null => {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? null : plain(value)
}
const textarea = (html: string, open: string): string => {
  const from = html.indexOf(open) + open.length
  return plain(html.slice(from, html.indexOf('</textarea>', from)).replace(/^\n/, ''))
}
const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&#34;': '"', '&#39;': "'", '&quot;': '"', '&amp;': '&' }
const plain = (text: string): string => text.replaceAll(/&(?:lt|gt|#34|#39|quot|amp);/g, (entity) => ENTITIES[entity] ?? entity)
