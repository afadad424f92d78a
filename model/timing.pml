/*
 * The lemma that leadership.pml rests on: the holder's count of a promise or lease ends before the waiter's.
 *
 * Here time is counted. In each tick of true time the clock of a node that runs advances by SLOW to FAST. A holder
 * counts LENGTH of its own clock from its send; a waiter counts LENGTH * FAST / SLOW of its own, from its receipt
 * (WAIT_FACTOR in src/core/timing-rules.ts). LENGTH is four ticks and a little, so that clocks 1 % wrong can differ by one.
 * Messages and calls take any number of ticks. A suspended machine's monotonic clock stands still: waiting stops with
 * it, but what it believes of itself must go on ageing (CLOCK_BOOTTIME).
 */
#define SLOW 99
#define FAST 101
#define LENGTH 400
#ifdef CLOCKS_TAKEN_FOR_EXACT
#define WAIT LENGTH
#else
#define WAIT ((LENGTH * FAST + SLOW - 1) / SLOW)
#endif
#define ENDLESS 520

mtype = { unsent, onItsWay, landed, answered };
/* -DPROMISE: a heartbeat and its reply. Else the lease: a create, sent again while it is undecided, and a read. */
mtype beat = unsent, create = unsent;
/* How long ago on the holder's clock, ENDLESS when it counts no more. */
short beatAge, createAge, lastAge;
/* What the waiter has waited on its clock since it promised, since it first saw the record. */
bool promised, sawLease;
short waited, waitedLease;
bool suspended;

#define capped(age, by) age = ((age) + (by) > ENDLESS -> ENDLESS : (age) + (by))
#define granted (beat == answered && beatAge < LENGTH)
#ifdef LEASE_FROM_LAST_SEND
#define leasedFor lastAge
#else
#define leasedFor createAge
#endif
#define leased (create == answered && leasedFor < LENGTH)

inline tick(own, other) {
#ifdef MONOTONIC_CLOCK_FOR_AUTHORITY
  if :: suspended :: else -> capped(beatAge, own); capped(createAge, own); capped(lastAge, own) fi;
#else
  capped(beatAge, own); capped(createAge, own); capped(lastAge, own);
#endif
  if :: promised -> capped(waited, other) :: else fi;
  if :: sawLease -> capped(waitedLease, other) :: else fi;
}

init {
  do
  :: d_step { true -> tick(SLOW, SLOW) }
  :: d_step { true -> tick(SLOW, FAST) }
  :: d_step { true -> tick(FAST, SLOW) }
  :: d_step { true -> tick(FAST, FAST) }
  :: d_step { true -> suspended = !suspended }
#ifdef PROMISE
  :: d_step { beat == unsent && !suspended -> beat = onItsWay; beatAge = 0 }
  :: d_step { beat == onItsWay -> beat = landed; promised = true; waited = 0 }
  :: d_step { beat == landed && !suspended -> beat = answered;
#ifdef GRANT_FROM_ANSWER
       beatAge = 0
#endif
     }
#else
  :: d_step { create == unsent && !suspended -> create = onItsWay; createAge = 0; lastAge = 0 }
  :: d_step { (create == onItsWay || create == landed) && !suspended -> lastAge = 0 }
  :: d_step { create == onItsWay -> create = landed }
  :: d_step { create == landed && !suspended -> create = answered;
#ifdef LEASE_FROM_ANSWER
       createAge = 0
#endif
     }
  :: d_step { (create == landed || create == answered) && !sawLease -> sawLease = true }
#endif
  /* What the waiter may do when its wait is over, the holder must not count on any more. */
  :: d_step { promised && waited >= WAIT && granted -> printf("@ broken: the grant outlives the promise\n"); assert(false) }
  :: d_step { sawLease && waitedLease >= WAIT && leased -> printf("@ broken: the lease outlives the wait for it\n"); assert(false) }
  od
}
