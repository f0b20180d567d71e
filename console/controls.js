import { pathOf, post } from './api.js'
import { h, set } from './dom.js'
import { stateName } from './words.js'

/** What a person may tell an actor of each kind: the event its machine must accept, and the call that sends it. */
const CONTROLS = {
  agent: [
    ['PAUSE', 'Pause', 'Running work stops at a safe point; nothing new starts', (key) => ['instances', key, 'pause']],
    ['RESUME', 'Resume', 'Goes on where it was paused', (key) => ['instances', key, 'resume']],
    ['STOP', 'Stop', 'Ends its work; its backlog is kept', (key) => ['instances', key, 'stop']],
    ['START', 'Start', 'Takes work again after a stop', (key) => ['actors', 'agent', key, 'events'], { type: 'START' }],
    ['RETRY', 'Retry', 'Tries again what failed', (key) => ['instances', key, 'retry']],
    ['SKIP', 'Skip', 'Leaves out what failed and goes on', (key) => ['instances', key, 'skip']],
    ['RESET', 'Reset', 'Forgets what failed and its backlog', (key) => ['instances', key, 'reset']],
  ],
  run: [
    ['CANCEL', 'Cancel', 'Ends it; its device is cleaned and given back', (key) => ['runs', key, 'cancel']],
    ['APPROVE', 'Approve', 'Lets it do what it asks for', (key) => ['runs', key, 'approve']],
    ['DENY', 'Deny', 'Does not let it', (key) => ['runs', key, 'deny']],
    ['RETRY', 'Retry', 'Does the step again', (key) => ['runs', key, 'decide'], { decision: 'retry' }],
    ['SKIP', 'Skip', 'Takes the step as done', (key) => ['runs', key, 'decide'], { decision: 'skip' }],
  ],
  alert: [
    ['ACK', 'Acknowledge', 'Somebody looks after it', (key) => ['alerts', key, 'ack']],
    ['RESOLVE', 'Resolve', 'It is over', (key) => ['alerts', key, 'resolve']],
    ['DISCARD', 'Discard', 'It was none', (key) => ['alerts', key, 'discard']],
  ],
}

/** Ends something that somebody may be waiting for. */
const ASKED_TWICE = { STOP: 'Its work ends.', RESET: 'Its backlog is lost.', CANCEL: 'Its work ends.' }

/** The buttons of one actor. One that its machine would refuse says why, and sends nothing. */
export function createControls(container, { address: { kind, key }, onError, announce, onDone }) {
  const controls = CONTROLS[kind] ?? []
  let actor
  const buttons = controls.map((control) => {
    const [event, label] = control
    return h('button', { type: 'button', 'data-event': event, onclick: () => void press(control) }, label)
  })
  container.append(...buttons)
  // Until it is known what the machine accepts: a press that does nothing would look like one that did.
  container.hidden = true

  /** Why the machine would not take this now; null when it would. */
  const refusal = (event) => {
    if (actor.nextEvents.includes(event)) return null
    const accepted = controls.map(([other]) => other).filter((other) => actor.nextEvents.includes(other))
    const instead = accepted.length > 0 ? `It takes: ${accepted.join(', ')}.` : 'It takes no control now.'
    return `In state "${stateName(actor.value)}" the machine does not accept ${event}. ${instead}`
  }

  const press = async ([event, label, , path, body = {}]) => {
    const refused = refusal(event)
    if (refused) return announce(refused)
    if (ASKED_TWICE[event] && !confirm(`${label} ${kind} ${key}? ${ASKED_TWICE[event]}`)) return
    await post(pathOf(...path(key)), body).catch(onError)
    onDone()
  }

  return {
    draw(next) {
      actor = next
      // An actor that has ended takes nothing any more: seven refusals would say no more than its state does.
      container.hidden = buttons.length === 0 || (kind !== 'agent' && actor.status !== 'active')
      for (const [index, [event, , meaning]] of controls.entries()) {
        const refused = refusal(event)
        // Still reachable by keyboard, so that everybody can learn why it is refused.
        set(buttons[index], { 'aria-disabled': refused ? 'true' : null, title: refused ?? meaning })
      }
    },
  }
}
