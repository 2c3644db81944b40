import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { HINDI } from '../../lib/http/words/hi/index'
import { languagesOf } from '../../lib/http/words/languages'
import { partsOf, type Words } from '../../lib/http/words/say'
import { Stop, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { later } from '../support/later'
import { filesIn, sentencesOfPages, sentencesSaidElsewhere } from '../support/sentences'
import { helpCenter, host, more, wordsOf } from './host'

test('every sentence of a page has its Hindi, and no Hindi is left of a sentence that nobody says', () => {
  const said = sentencesOfPages()

  assert.ok(said.size > 300, `only ${said.size} sentences were found`)
  assert.deepEqual(
    [...said].filter(([sentence]) => !Object.hasOwn(HINDI.words, sentence)),
    [],
  )
  assert.deepEqual(
    Object.keys(HINDI.words).filter((sentence) => !said.has(sentence)),
    [],
  )
})

test('what stands in the braces of a sentence stands in its Hindi too', () => {
  assert.deepEqual(changed(HINDI.words), [])
  assert.deepEqual(changed({ '{n} menus': '{m} मेन्यू', 'of {name}': { one: '{name} का', other: 'का' } }), ['{m} मेन्यू', 'का'])
  // A finished sentence may say more than people need to hear, but no translation says what it was not told.
  for (const [english, hindi] of Object.entries(HINDI.said))
    assert.deepEqual(
      namesIn(String(hindi)).filter((name) => !namesIn(english).includes(name)),
      [],
    )
})

test('what the model, the providers and refusals say is said in Hindi, also when values stand in it', () => {
  const t = languagesOf('en').say('hi')
  const found = sentencesSaidElsewhere()

  assert.ok(found.length > 300, `only ${found.length} sentences were found`)
  assert.deepEqual(
    found.filter(([sentence]) => t.said(sentence) === sentence || /(?<![\w"“{(])[a-z]+ [a-z]+ [a-z]+/.test(withoutValues(t.said(sentence)))),
    [],
  )
})

test('no pattern is left of a sentence that nobody finishes any more', () => {
  const code = filesIn('lib', /^(?!.*words)/)
    .filter(([file]) => !file.startsWith('lib/http/words/'))
    .map(([, text]) => text.replaceAll("\\'", "'"))
    .join('\n')
  // A choice within a sentence is not looked into: its beginning or its end must be there.
  const isSaid = (sentence: string): boolean => {
    const pieces = partsOf(sentence).map((part) => (part.name === null ? part.text.replaceAll(/^[\s"“”{}.:]+|[\s"“”{}.]+$/g, '') : ''))
    const [piece = ''] = pieces.sort((a, b) => b.length - a.length)
    return code.includes(piece.slice(0, 8)) || code.includes(piece.slice(-8))
  }

  assert.deepEqual(
    Object.keys(HINDI.said).filter((sentence) => !isSaid(sentence)),
    [],
  )
  assert.equal(isSaid('Zebras graze upon {thing}.'), false)
})

test('names and choices of fields are for the server, in every language', () => {
  const views = filesIn('views', /\.ejs$/)

  assert.ok(views.length > 30)
  for (const [file, text] of views) assert.doesNotMatch(text, /(?:\bname|<option value)="<%= t\b/, file)
})

test('what stands in quotes, and what nobody translated, stays as it is', () => {
  const { said } = languagesOf('en').say('hi')
  const cases: [english: string, hindi: string][] = [
    ['Body is empty. Write it.', 'बॉडी खाली है। इसे लिखें।'],
    [
      'Section 2, row 3 title is 30 characters; WhatsApp shows at most 24. Shorten "Publish. Or not".',
      'सेक्शन 2, पंक्ति 3 का टाइटल: 30 अक्षर हैं; WhatsApp 24 तक दिखाता है। "Publish. Or not" को छोटा करें।',
    ],
    ['Menu "body": There are 4 buttons; WhatsApp shows at most 3. Make it a list.', 'मेन्यू "body": 4 बटन हैं; WhatsApp 3 तक दिखाता है। इसे लिस्ट बनाएँ।'],
    ['Too many requests at once: (#80007) Rate limit hit', 'एक साथ बहुत सारी रिक्वेस्ट: (#80007) Rate limit hit'],
    ['Cannot read properties of undefined', 'Cannot read properties of undefined'],
    ['No title', 'No title'],
    ['Oh no. Body is empty. '.repeat(200), 'Oh no. Body is empty. '.repeat(200)],
  ]
  for (const [english, hindi] of cases) assert.equal(said(english), hindi)
})

test('one thing and several are said in their own forms in Hindi', () => {
  const t = languagesOf('en').say('hi')

  assert.equal(t.n('One message discarded.', '{n} messages discarded.', 1), '1 मैसेज हटाया गया।')
  assert.equal(t.n('One message discarded.', '{n} messages discarded.', 2), '2 मैसेज हटाए गए।')
})

test('Hindi has the dot below under ज, फ, ड and ढ only', () => {
  assert.doesNotMatch(JSON.stringify(HINDI).normalize('NFD'), /(?<![जफडढ])\u093c/)
})

/** Quotes and braces hold values; what is left is ours. */
const withoutValues = (text: string): string => text.replaceAll(/"[^"]*"|\{[^}]*\}|\([^)]*\)|[a-zA-Z]+\([^)]*\)/g, '')

/** Forms whose values are not those of their key. */
const changed = (words: Words): string[] =>
  Object.entries(words).flatMap(([english, hindi]) =>
    (typeof hindi === 'string' ? [hindi] : Object.values(hindi)).filter((form) => String(namesIn(form)) !== String(namesIn(english))),
  )
const namesIn = (sentence: string): string[] =>
  partsOf(sentence)
    .flatMap((part) => part.name ?? [])
    .sort()

test('a person chooses the language in the dashboard, without JavaScript, for their browser alone', async (t) => {
  const { get, post } = await host(t)
  const before = await get('/language')
  assert.match(before.text, /<html lang="en" dir="ltr">/)

  const chosen = await post('/language', { language: 'hi' }).expect(303).expect('Location', '/wa/language')
  const cookie = String(chosen.headers['set-cookie'])
  const after = await get('/settings', 'admin', { cookie: `session=1; ${cookie.split(';')[0]}` })

  assert.match(cookie, /^wa_language=hi; Path=\/wa; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
  assert.match(after.text, /<html lang="hi" dir="ltr">/)
  assert.match(wordsOf(after.text), /सेटिंग/)
  assert.match((await get('/settings')).text, /<html lang="en"/)
  await post('/language', { language: 'xx' }).expect(422)
  assert.match((await get('/', 'admin', { cookie: 'wa_language=xx' })).text, /<html lang="en"/)
})

async function page(t: Parameters<typeof host>[0], options: object, path = '/wa/menus', cookie = '') {
  const { control: _control, ...given } = testOptions()
  const said: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (_: object, words: string) => void said.push(words) }
  const wa = waInteractive({ ...given, logger, authorize: () => ({ id: 'u', name: 'U', role: 'editor' as const }), ...options })
  await wa.start()
  later(t, () => wa.close())
  const { text } = await request(express().use(wa)).get(path).set('cookie', cookie).expect(200)
  return { text, said }
}

test('the host says in which language the dashboard begins, and may say any sentence in its own words', async (t) => {
  const hindi = await page(t, { language: 'hi-IN', dashboard: { words: { Outbox: 'कतार' } } })
  assert.match(hindi.text, /<html lang="hi-IN" dir="ltr">/)
  assert.match(wordsOf(hindi.text), /मेन्यू .* कतार /)

  const words = { Outbox: 'Queue', ar: { Outbox: 'الصادر', Menus: 'القوائم' } }
  const english = await page(t, { dashboard: { words } })
  assert.match(wordsOf(english.text), / Menus .* Queue /)
  assert.deepEqual((await page(t, { dashboard: { words: { ...words, Publsh: 'Go live' } } })).said, [
    'dashboard.words: no page says "Publsh", so it changes nothing. Did you mean "Publish"?',
  ])
  const arabic = await page(t, { dashboard: { words } }, '/wa/conversations', 'wa_language=ar')
  assert.match(arabic.text, /<html lang="ar" dir="rtl">/)
  assert.match(wordsOf(arabic.text), /القوائم Conversations الصادر/)
})

test('a language without words is English, which is said once at start; words that are none are refused', async (t) => {
  const { text, said } = await page(t, { language: 'tlh' })

  assert.match(text, /<html lang="en" dir="ltr">/)
  assert.deepEqual(said, ['The dashboard has no words in language "tlh", so it is in English. Known: en, hi; add others with dashboard: { words: { … } }.'])
  assert.throws(
    () => waInteractive({ autoStart: false, dashboard: { words: { Menus: 3, nonsense: { Menus: 'x' } } } as object }),
    (error: { code: string; faults: { path: string }[] }) => {
      assert.equal(error.code, 'WA_OPTION_INVALID')
      assert.deepEqual(
        error.faults.map((fault) => fault.path),
        ['dashboard.words.Menus', 'dashboard.words.nonsense'],
      )
      return true
    },
  )
})

test('no page in Hindi has an English sentence left', async (t) => {
  const { app, wa, phone, post, control } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')
  await asha.taps('agent')
  control.provider.failNext(131049)
  await wa.send('+919800000009', { text: 'ORD-1' })
  wa.on('text', { name: 'crm' }, () => {
    throw new Stop('ORD-9')
  })
  await phone({ phone: '+919800000002' }).says('ORD-2')
  await wa.idle()
  await post('/menus/_new', { name: 'rating', type: 'button' })
  await post('/menus/_new', { name: 'kinds', type: 'list' })

  const seen = new Set<string>()
  const left: string[] = []
  const queue = ['/wa/', '/wa/nowhere', '/wa/language', '/wa/conversations?q=nothing-like-this', '/wa/conversations?q=hi', '/wa/menus?q=zzz']
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path) || /\/(live|assets)\b/.test(path)) continue
    seen.add(path)
    const { headers, text } = await request(app).get(path).set({ 'x-role': 'admin', cookie: 'wa_language=hi' })
    if (!headers['content-type']?.startsWith('text/html')) continue
    left.push(...englishIn(text).map((words) => `${path}: ${words}`))
    for (const [, address = ''] of text.matchAll(/\shref="(\/wa[^"#]*)/g)) if (seen.size + queue.length < 120) queue.push(address.replaceAll('&amp;', '&'))
  }

  assert.ok(seen.size > 40, `only ${seen.size} pages were found`)
  assert.deepEqual(left, [])
})

/** What a page says that is English: sentences of the catalogue as they are, and three words in a row. Code, names and customers' words are left out. */
function englishIn(html: string): string[] {
  const page = html
    .replaceAll(/<(head|script|code|bdi|pre|textarea|svg)\b[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<(div|p) class="wa-(?:body|quote|header|footer)"[\s\S]*?<\/\1>/g, '')
    .replaceAll('asked for a human', '')
  const words = [
    ...page.matchAll(/>([^<]+)</g),
    ...page.matchAll(/\s(?:title|placeholder|aria-label|alt|data-failed|data-offline|data-signed-out|data-refused)="([^"]+)"/g),
  ]
  return words
    .map(([, said = '']) => decoded(said).trim())
    .filter(
      (said) =>
        !ALLOWED.has(said) &&
        (Object.hasOwn(HINDI.words, said) ? HINDI.words[said] !== said : /(?:\b[A-Za-z]+ ){2}[A-Za-z]+\b/.test(said.replaceAll(/"[^"]*"|“[^”]*”/g, ''))),
    )
}
/** Words of the menus and customers of the test. */
const ALLOWED = new Set(JSON.stringify([helpCenter.spec, more.spec]).match(/(?<=")[^"]+(?=")/g))
const decoded = (text: string): string =>
  text.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>')
