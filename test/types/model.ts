// Compiled, never run: what the compiler knows about menus, and what it refuses.
import { buttons, ctaPhone, ctaUrl, type IdsOf, list, type Menu, template, text, type VarsOf } from '../../lib/model/builders'
import { defineReply, type ReplyId, type Shape } from '../../lib/model/reply-id'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void => {}

// Ids and variables come out of the words; spaces inside the braces are ignored.
const help = list('help-center', {
  body: 'Hi {{ name }}, how can we help?',
  button: 'Select Topic',
  variables: { name: { default: 'there', sample: 'Asha' } },
  sections: [
    {
      title: 'Orders',
      rows: [
        { id: 'track_order', title: 'Track My Order', description: 'Real-time status' },
        { id: 'cancel_order', title: 'Cancel Order' },
      ],
    },
  ],
})
same<IdsOf<typeof help>, 'track_order' | 'cancel_order'>()
same<VarsOf<typeof help>, { name?: string | number }>()
same<(typeof help)['key'], 'help-center'>()

const more = buttons('more', {
  body: 'Order {{order}}: {{status}}. Anything else?',
  buttons: [
    { id: 'help_more', title: 'Yes' },
    { id: 'done', title: 'No, thanks' },
  ],
})
same<VarsOf<typeof more>, { order: string | number; status: string | number }>()

// Variables of headers, addresses and phones count; a declared one without a default is needed even when no words use it.
const track = ctaUrl('track-link', {
  header: { type: 'image', link: 'https://cdn.example/{{photo}}.jpg' },
  body: 'Shipped.',
  variables: { eta: { sample: '3 PM' } },
  buttons: [{ title: 'Track', url: 'https://x.example/{{order}}' }],
})
same<VarsOf<typeof track>, { photo: string | number; order: string | number; eta: string | number }>()
same<IdsOf<typeof track>, never>()
const call = ctaPhone('call-us', {
  body: 'Talk to {{who}}.',
  buttons: [{ title: 'Call us', phone: '+911140000000' }],
  template: { name: 'call_us', language: 'en' },
})
same<VarsOf<typeof call>, { who: string | number }>()
const reminder = template('reminder', {
  template: { name: 'booking_reminder', language: 'en_US', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] },
})
same<VarsOf<typeof reminder>, { name: string | number }>()
const ask = text('ask-order', { body: 'Please enter your order number.' })
same<VarsOf<typeof ask>, {}>()

// Rows from data: their variables are fields of the items, their ids a pattern.
const slots = list('slots', {
  body: 'Free on {{day}}:',
  button: 'See slots',
  sections: [
    { title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}', description: 'Dr. {{doctor}}' }, empty: 'Nothing on {{day}}' },
    { title: 'Else', rows: [{ id: 'other_day', title: 'Another day' }] },
  ],
})
same<IdsOf<typeof slots>, `slot:${string}` | 'other_day'>()
const day: VarsOf<typeof slots> = { day: 'Monday', slots: [{ id: 1, time: '9:00', doctor: 'Rao' }] }
void day
// @ts-expect-error a field of the items is missing
const noDoctor: VarsOf<typeof slots> = { day: 'Monday', slots: [{ id: 1, time: '9:00' }] }
void noDoctor

// Ids with data.
const rate = defineReply('rate', { order: 'string', stars: 'int', how: ['app', 'web'] })
same<
  typeof rate extends ReplyId<infer P, infer F> ? [P, Shape<F>] : never,
  ['rate', { readonly order: string; readonly stars: number; readonly how: 'app' | 'web' }]
>()
const rating = buttons('rating', { body: 'How was it?', buttons: [{ id: rate.row({ order: '{{order}}', stars: 5, how: 'app' }), title: 'Great!' }] })
same<VarsOf<typeof rating>, { order: string | number }>()
const stars: number | undefined = rate.parse('rate:1:5:app')?.stars
void stars
// @ts-expect-error stars is a number
rate.id({ order: '1', stars: '5', how: 'app' })
// @ts-expect-error a field is missing
rate.id({ order: '1', stars: 5 })
// @ts-expect-error not one of the words
rate.id({ order: '1', stars: 5, how: 'fax' })
// @ts-expect-error a variable stands in row()
rate.id({ order: '{{order}}', stars: 5, how: 'app' })

// Menus of all kinds fit where any menu is taken; words that are not known at compile time may need any variables.
const all: readonly Menu[] = [help, more, track, call, reminder, ask, slots, rating]
void all
const widened = buttons('widened', { body: String(1), buttons: [{ id: 'a', title: 'A' }] })
const anything: VarsOf<typeof widened> = { whatever: 1 }
void anything
const generated: string = 'x'
const dynamic = buttons(generated, { body: 'x', buttons: [{ id: generated, title: 'A' }] })
same<IdsOf<typeof dynamic>, string>()

// A few hundred variables in one text do not exhaust the compiler.
type Repeat<S extends string, N extends number, A extends unknown[] = [], R extends string = ''> = A['length'] extends N
  ? R
  : Repeat<S, N, [...A, 0], `${R}${S}`>
const many = buttons('many', { body: '' as Repeat<'{{a}} {{b}} {{c}} ', 100>, buttons: [{ id: 'a', title: 'A' }] })
same<VarsOf<typeof many>, { a: string | number; b: string | number; c: string | number }>()

// Misspelt fields do not compile, at any depth.
// @ts-expect-error footr
buttons('b', { body: 'x', footr: 'noticed', buttons: [{ id: 'a', title: 'A' }] })
// @ts-expect-error descripton
list('b', { body: 'x', button: 'y', sections: [{ title: 't', rows: [{ id: 'a', title: 'A', descripton: 'x' }] }] })
// @ts-expect-error defualt
text('b', { body: '{{x}}', variables: { x: { defualt: 'y' } } })
// @ts-expect-error a text has no header
text('b', { header: { type: 'text', text: 'x' }, body: 'x' })
// @ts-expect-error no such header
buttons('b', { header: { type: 'audio', link: 'https://x.example/a.mp3' }, body: 'x', buttons: [{ id: 'a', title: 'A' }] })
// @ts-expect-error a list needs the words of its button
list('b', { body: 'x', sections: [{ rows: [{ id: 'a', title: 'A' }] }] })
// @ts-expect-error a button that replies has an id
buttons('b', { body: 'x', buttons: [{ title: 'A' }] })
// @ts-expect-error a URL button has an address
ctaUrl('b', { body: 'x', buttons: [{ title: 'A' }] })
// @ts-expect-error the owner is code or staff
text('b', { body: 'x', owner: 'nobody' })
