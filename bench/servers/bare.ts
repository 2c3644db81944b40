import express from 'express'
import { host } from '../kit/host'

/** The yardstick: Express and its own JSON parser, and nothing else. */
const app = express()
app.use(express.json())
app.post('/wa/webhook', (_req, res) => {
  res.sendStatus(200)
})
host(app)
