// Runs the example host from its source. `npm start` builds before.
import 'tsx'

if (process.env.npm_lifecycle_event) endWithNpm()
await import('../examples/order-desk/server.ts')

/** npm starts scripts in a shell, and many a shell that is asked to end does not pass that on: the host would stay, and keep its port. */
function endWithNpm() {
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  watch.unref()
}
