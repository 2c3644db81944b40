/** A list of ten rows, about 1 kB: as it is sent, and as it stands in the outbox. */
const rows = Array.from({ length: 10 }, (_, index) => ({ id: `topic_${index}`, title: `Topic number ${index}`, description: 'Get real-time status' }))
export const SENT = { type: 'list' as const, body: 'Hi Asha, how can we help you today?', button: 'Select Topic', sections: [{ title: 'Orders', rows }] }
export const MESSAGE = {
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  to: '919800000001',
  biz_opaque_callback_data: 'abcdefghijklmnopqrstuv',
  type: 'interactive',
  interactive: { type: 'list', body: { text: SENT.body }, action: { button: SENT.button, sections: SENT.sections } },
}
