const express = require('express')
const { buttons, waInteractive } = require('wa-interactive')
const { testOptions } = require('wa-interactive/testing')

const confirm = buttons('confirm', { body: 'Sure?', buttons: [{ id: 'yes', title: 'Yes' }] })
const wa = waInteractive({ menus: [confirm] })
wa.on('text', ({ text }) => console.log(`heard ${text}`))

const app = express()
app.use(wa)
app.get('/own', (_req, res) => res.status(200).send('the host answers'))

wa.start().then(() => {
  const server = app.listen(0, '127.0.0.1', () => console.log(`${server.address().port} express:${app.del ? 4 : 5} testing:${typeof testOptions}`))
  process.once('SIGTERM', async () => {
    server.close()
    server.closeAllConnections()
    await wa.close()
  })
})
