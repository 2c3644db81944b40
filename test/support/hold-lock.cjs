// Another process that holds a sqlite file for itself until it is told to let go.
const sqlite3 = require('sqlite3')
const db = new sqlite3.Database(process.argv[2])
db.exec('begin exclusive', (error) => {
  if (error) throw error
  process.send('held')
})
process.once('message', () => db.exec('commit', () => process.exit(0)))
