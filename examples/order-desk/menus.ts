import { buttons, ctaUrl, list } from 'wa-interactive'

export const helpCenter = list('help-center', {
  tags: ['support'],
  header: { type: 'text', text: 'Help Center' },
  body: 'Welcome to our support center. Please select the topic you need help with:',
  footer: 'Reply AGENT to talk to a human',
  button: 'Select Topic',
  sections: [
    {
      title: 'Orders',
      rows: [
        { id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' },
        { id: 'cancel_order', title: 'Cancel Order', description: 'Cancel a pending order' },
        { id: 'return_order', title: 'Return or Exchange', description: 'Initiate a return or exchange' },
      ],
    },
    {
      title: 'Payments',
      rows: [
        { id: 'refund_status', title: 'Refund Status', description: 'Check your refund progress' },
        { id: 'payment_issue', title: 'Payment Failed', description: 'Help with payment problems' },
      ],
    },
    {
      title: 'Account',
      rows: [
        { id: 'update_profile', title: 'Update Profile', description: 'Change name, email, or address' },
        { id: 'reset_password', title: 'Reset Password', description: 'Reset your login credentials' },
      ],
    },
  ],
})

export const rating = buttons('order-update', {
  tags: ['orders'],
  header: { type: 'text', text: 'Order Update' },
  body: 'Your order #{{order}} has been delivered. How was your experience?',
  footer: 'Tap a button to respond',
  variables: { order: { sample: 'ORD-12345' } },
  buttons: [
    { id: 'rating_great', title: 'Great!' },
    { id: 'rating_ok', title: 'It was okay' },
    { id: 'rating_bad', title: 'Not satisfied' },
  ],
})

export const trackLink = ctaUrl('track-link', {
  tags: ['orders'],
  body: 'Your order #{{order}} has been shipped! Click below to track your delivery.',
  variables: { order: { sample: 'ORD-12345' } },
  buttons: [{ title: 'Track Order', url: 'https://example.com/track/{{order}}' }],
})

export const orderStatus = buttons('order-status', {
  tags: ['orders'],
  body: 'Order #{{order}} {{status}}\nNeed anything else?',
  variables: { order: { sample: 'ORD-12345' }, status: { sample: 'is out for delivery. ETA: 3 PM.' } },
  buttons: [
    { id: 'help_more', title: 'Another question' },
    { id: 'done', title: 'No, thanks' },
  ],
})

export const confirmCancel = buttons('confirm-cancel', {
  tags: ['orders'],
  body: 'Are you sure you want to cancel order #{{order}}?',
  variables: { order: { sample: 'ORD-12345' } },
  buttons: [
    { id: 'confirm_cancel', title: 'Yes, Cancel' },
    { id: 'keep_order', title: 'No, Keep It' },
  ],
})

export const menus = [helpCenter, rating, trackLink, orderStatus, confirmCancel] as const
