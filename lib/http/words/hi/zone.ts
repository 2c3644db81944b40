import type { Words } from '../say'

/** Days and the time zone. */
export const ZONE: Words = {
  'Times in {zone}': 'समय {zone} के अनुसार',
  'Time zone': 'टाइम ज़ोन',
  'Filter by day': 'दिन से छाँटें',
  'Last words from': 'आखिरी मैसेज इस दिन से',
  until: 'इस दिन तक',
  'From {day}': '{day} से',
  'Until {day}': '{day} तक',
}
