import { EmptyState } from '../../parts/empty-state.tsx'

/** What would be here, where nothing is: nobody has to guess what an empty list stands for. */
export function Nothing({ kind }: { kind: string }) {
  if (kind === 'approval') {
    return (
      <EmptyState title="Nothing waits for an approval" icon="check">
        <p>
          A run stops here before it uses a tool that its definition lists under{' '}
          <code>config.approval_required_for</code>. Without a word in an hour the answer is no.
        </p>
      </EmptyState>
    )
  }
  if (kind === 'suspended') {
    return (
      <EmptyState title="No run is in doubt" icon="check">
        <p>
          When a worker dies in the middle of a call that must not be repeated blindly, the run stands here until
          somebody has looked and says: again, take it as done, or give up.
        </p>
      </EmptyState>
    )
  }
  if (kind === 'device') {
    return (
      <EmptyState title="No device is in doubt" icon="check">
        <p>
          A device whose clean-up failed is suspect, and bad after the third time in a day. Nobody is given it until
          somebody has looked at it and vouches for it here.
        </p>
      </EmptyState>
    )
  }
  if (kind === 'letter') {
    return (
      <EmptyState title="No dead letters" icon="check">
        <p>
          A message that its actor cannot handle is put aside here, and the actor goes on with the next one. You can
          edit it and send it again.
        </p>
      </EmptyState>
    )
  }
  if (kind === 'parked') {
    return (
      <EmptyState title="No actor is parked" icon="check">
        <p>
          An actor whose stored state its machine does not know any more is parked with the reason. Its mail waits, and
          it goes on by itself once a worker runs with a machine that knows the state.
        </p>
      </EmptyState>
    )
  }
  if (kind === 'event') {
    return (
      <EmptyState title="Somebody heard every event" icon="check">
        <p>
          Events of the last 24 hours that no agent took are listed here, and why: <a href="/events">all events</a> are
          on their own page.
        </p>
      </EmptyState>
    )
  }
  return (
    <EmptyState title="Nothing needs you" icon="check">
      <p>
        Approvals, runs and devices in doubt, dead letters and parked actors come here, and nowhere else. What goes on
        by itself is on <a href="/instances">Instances</a>.
      </p>
    </EmptyState>
  )
}
