/*
 * The world of a scenario, for Spin: the same graph as crates/model explores, state by state and
 * transition by transition, in as few bits as Spin can hold it in.
 *
 * What may happen: clients ask, messages arrive (any that was ever sent, any number of times, in any
 * order, or never), proposers time out. Roles apart, majorities, Lamport's accept rule, no refusals, no
 * crashes. A step that would change nothing is no step. Each step is one d_step that begins with its
 * guard, so it is one transition between two stored states, and one process with one loop takes them all.
 *
 * Absent on purpose: all that follows from what is here.
 * - The network keeps every message, so a message is known by what its sender has done: a Prepare by the
 *   proposer's round, a Propose by its value, a Promise and a vote by their bits in `promised` and `voted`.
 * - An acceptor's memory is what it said: its promise is the highest ballot it has promised or voted in,
 *   its vote the highest it has voted in. What a Promise reported is its sender's highest vote below the
 *   ballot: once promised, nothing is voted for below.
 * - A ballot has one value at most, so a vote is a bit. What is chosen follows from the votes, and so does
 *   what a learner announces and a client is told, as long as agreement holds; where it fails, Spin stops.
 * - Which letter a client asks for: here a value is the proposer that was asked for it, plus one.
 *
 * PROPOSERS ACCEPTORS LEARNERS ROUNDS RETRIES come from a scenario, with -D; so do the widths of the fields,
 * as Spin does not calculate them: `run` does. At most 3 proposers, 5 acceptors, 3 learners, 3 rounds,
 * 6 ballots.
 */

#define BALLOTS (PROPOSERS * ROUNDS)
#define RETRIES_ALL (PROPOSERS * (ROUNDS - 1))

/* Ballots are numbered from 0 as they are ordered: by round, then by proposer. */
#define OF(b) ((b) % PROPOSERS)
#define ROUND_OF(b) ((b) / PROPOSERS + 1)

/*
 * The state, in fields of bits. A word is a row of bits for each ballot, proposer or listener.
 *
 * Spin's own bytes leave gaps: one byte before the globals, twelve bits before the locals. Some of the fields
 * here and the others in the process fill them, so that a state takes 16 bytes and not 20.
 */

/* Of each proposer, 2 bits: the last round it has begun; 0 before it is asked. */
unsigned round : BITS_ROUND;
/* Of each ballot, a bit for each acceptor: whether it has promised it. */
unsigned promised : BITS_VOTES;
/* Of each ballot, a bit for each acceptor: whether it has voted in it. */
unsigned voted : BITS_VOTES;
/* Of each proposer, a bit for each acceptor: whose promises of the ballot under way it has counted; none
   once it has proposed or is done. */
unsigned counted : BITS_COUNTED;

/* A word as rows of bits, one for each acceptor. */
#define ALL ((1 << ACCEPTORS) - 1)
#define ONE(a) (1 << (a))
#define ROW(word, row) (((word) >> ((row) * ACCEPTORS)) & ALL)
#define HAS(word, row, a) ((word) & (1 << ((row) * ACCEPTORS + (a))))
#define ADD(word, row, a) word = word | (1 << ((row) * ACCEPTORS + (a)))
#define SET(word, row, set) word = (word & ~(ALL << ((row) * ACCEPTORS))) | ((set) << ((row) * ACCEPTORS))
/* All ballots of one acceptor; all acceptors of a ballot and those above. */
#define COLUMN(a) ((((1 << (BALLOTS * ACCEPTORS)) - 1) / ALL) << (a))
#define FROM(b) (0 - (1 << ((b) * ACCEPTORS)))

#define ROUND(p) ((round >> (2 * (p))) & 3)
#define NEXT_ROUND(p) round = round + (1 << (2 * (p)))
#define PROPOSED(b) ((proposed >> (2 * (b))) & 3)
#define PROPOSE(b, value) proposed = proposed | ((value) << (2 * (b)))
#define RANK(n) ((counting >> (3 * (n))) & 7)
#define SET_RANK(n, rank) counting = (counting & ~(7 << (3 * (n)))) | ((rank) << (3 * (n)))

/* The quorums, here majorities, as a set of sets: bit s stands for the set whose bits are s. Others can be given with -D. */
#ifdef QUORUMS
#elif ACCEPTORS == 1
#define QUORUMS 2
#elif ACCEPTORS == 2
#define QUORUMS 8
#elif ACCEPTORS == 3
#define QUORUMS 232
#elif ACCEPTORS == 4
#define QUORUMS 59520
#elif ACCEPTORS == 5
#define QUORUMS (0 - 18290560)
#endif
#define QUORUM(set) ((QUORUMS >> (set)) & 1)

/* Whether an acceptor has promised or voted at a ballot or above. */
#define BOUND_FROM(b, a) ((promised | voted) & FROM(b) & COLUMN(a))

/* P2c: the value of the highest vote below a ballot that was reported by a set of acceptors, or else the
   proposer's own. */
#define VALUE0(set, own) (own)
#define VALUE1(set, own) (ROW(voted, 0) & (set) -> PROPOSED(0) : VALUE0(set, own))
#define VALUE2(set, own) (ROW(voted, 1) & (set) -> PROPOSED(1) : VALUE1(set, own))
#define VALUE3(set, own) (ROW(voted, 2) & (set) -> PROPOSED(2) : VALUE2(set, own))
#define VALUE4(set, own) (ROW(voted, 3) & (set) -> PROPOSED(3) : VALUE3(set, own))
#define VALUE5(set, own) (ROW(voted, 4) & (set) -> PROPOSED(4) : VALUE4(set, own))

/* Agreement. Only a vote can break it, so it is judged when a vote makes a quorum. */
#define AGREES(b, other) (!QUORUM(ROW(voted, other)) || PROPOSED(other) == PROPOSED(b))
#define AGREES1(b) AGREES(b, 0)
#define AGREES2(b) AGREES1(b) && AGREES(b, 1)
#define AGREES3(b) AGREES2(b) && AGREES(b, 2)
#define AGREES4(b) AGREES3(b) && AGREES(b, 3)
#define AGREES5(b) AGREES4(b) && AGREES(b, 4)
#define AGREES6(b) AGREES5(b) && AGREES(b, 5)
#if PROPOSERS * ROUNDS == 1
#define AGREES_ALL(b) AGREES1(b)
#elif PROPOSERS * ROUNDS == 2
#define AGREES_ALL(b) AGREES2(b)
#elif PROPOSERS * ROUNDS == 3
#define AGREES_ALL(b) AGREES3(b)
#elif PROPOSERS * ROUNDS == 4
#define AGREES_ALL(b) AGREES4(b)
#elif PROPOSERS * ROUNDS == 5
#define AGREES_ALL(b) AGREES5(b)
#elif PROPOSERS * ROUNDS == 6
#define AGREES_ALL(b) AGREES6(b)
#endif

/* A listener that has made up its mind. */
#define KNOWS(n) (ROW(heard, n) == ALL)
/* The votes counted in a ballot so far. A higher ballot begins anew, a lower one is ignored. */
#define HEARD(n, rank) (RANK(n) == (rank) -> ROW(heard, n) : 0)

/* The steps. */

/* A client asks. Each proposer is asked once, for a value of its own. */
#define ask(p) \
  :: d_step { ROUND(p) == 0 -> NEXT_ROUND(p) }

/* A proposer that is not done tries a higher ballot. */
#define RETRIED(p) ((ROUND(p) >> 1) + (ROUND(p) == 3))
#if PROPOSERS == 1
#define RETRIED_ALL RETRIED(0)
#elif PROPOSERS == 2
#define RETRIED_ALL (RETRIED(0) + RETRIED(1))
#elif PROPOSERS == 3
#define RETRIED_ALL (RETRIED(0) + RETRIED(1) + RETRIED(2))
#endif
#if ROUNDS == 1
#define time_out(p)
#else
#define time_out(p) \
  :: d_step { \
       ROUND(p) > 0 && ROUND(p) < ROUNDS && !KNOWS(p) && (RETRIES == RETRIES_ALL || RETRIED_ALL < RETRIES) -> \
       NEXT_ROUND(p); SET(counted, p, 0) \
     }
#endif

/* A Prepare arrives: promised if above all that this acceptor is bound to. */
#define on_prepare(b, a) \
  :: d_step { ROUND(OF(b)) >= ROUND_OF(b) && !BOUND_FROM(b, a) -> ADD(promised, b, a) }

/* A Promise arrives. With one round only, a promise counted twice or too late shows without looking at the
   rest: nothing is proposed yet, so nobody has voted and no other ballot of its own is under way. */
#define PROMISES(b, a) (ROW(counted, OF(b)) | ONE(a))
#define on_promise(b, a) \
  :: d_step { \
       HAS(promised, b, a) && PROPOSED(b) == 0 && !HAS(counted, OF(b), a) \
       && (ROUNDS == 1 || ROUND(OF(b)) == ROUND_OF(b) && !KNOWS(OF(b))) -> \
       if \
       :: QUORUM(PROMISES(b, a)) -> PROPOSE(b, VALUE##b(PROMISES(b, a), OF(b) + 1)); SET(counted, OF(b), 0) \
       :: else -> ADD(counted, OF(b), a) \
       fi \
     }

/* A Propose arrives: voted for unless a higher promise stands in the way. */
#define on_propose(b, a) \
  :: d_step { \
       PROPOSED(b) != 0 && !HAS(voted, b, a) && !BOUND_FROM((b) + 1, a) -> \
       ADD(voted, b, a); assert(!QUORUM(ROW(voted, b)) || (AGREES_ALL(b))) \
     }

/* A vote arrives at a listener, which may learn what is chosen; a proposer is done then. */
#define on_accepted(n, rank, b, a, retire) \
  :: d_step { \
       HAS(voted, b, a) && !KNOWS(n) && RANK(n) <= (rank) && !(HEARD(n, rank) & ONE(a)) -> \
       if \
       :: QUORUM(HEARD(n, rank) | ONE(a)) -> SET(heard, n, ALL); SET_RANK(n, 0); retire \
       :: else -> SET(heard, n, HEARD(n, rank) | ONE(a)); SET_RANK(n, rank) \
       fi \
     }
#define on_accepted_by_proposer(b, a) on_accepted(OF(b), (b) / PROPOSERS, b, a, SET(counted, OF(b), 0))
#define on_accepted_by_learner(l, b, a) on_accepted(PROPOSERS + (l), b, b, a, skip)

/* The steps for each ballot, acceptor and listener. */
#if LEARNERS == 0
#define on_accepted_by_learners(b, a)
#elif LEARNERS == 1
#define on_accepted_by_learners(b, a) on_accepted_by_learner(0, b, a)
#elif LEARNERS == 2
#define on_accepted_by_learners(b, a) on_accepted_by_learner(0, b, a) on_accepted_by_learner(1, b, a)
#elif LEARNERS == 3
#define on_accepted_by_learners(b, a) \
  on_accepted_by_learner(0, b, a) on_accepted_by_learner(1, b, a) on_accepted_by_learner(2, b, a)
#endif

#define on_messages(b, a) \
  on_prepare(b, a) on_promise(b, a) on_propose(b, a) on_accepted_by_proposer(b, a) on_accepted_by_learners(b, a)

#if ACCEPTORS == 1
#define ballot(b) on_messages(b, 0)
#elif ACCEPTORS == 2
#define ballot(b) on_messages(b, 0) on_messages(b, 1)
#elif ACCEPTORS == 3
#define ballot(b) on_messages(b, 0) on_messages(b, 1) on_messages(b, 2)
#elif ACCEPTORS == 4
#define ballot(b) on_messages(b, 0) on_messages(b, 1) on_messages(b, 2) on_messages(b, 3)
#elif ACCEPTORS == 5
#define ballot(b) on_messages(b, 0) on_messages(b, 1) on_messages(b, 2) on_messages(b, 3) on_messages(b, 4)
#endif

active proctype world()
{
  /* The rest of the state. */
  /* Of each ballot, 2 bits: the value proposed in it; 0 before. */
  unsigned proposed : BITS_PROPOSED;
  /* Of each listener, a bit for each acceptor: whose votes it has counted; all once it knows what is chosen.
     The listeners are the proposers, who hear the votes in their own ballots, and then the learners. */
  unsigned heard : BITS_HEARD;
  /* Of each listener, 3 bits: in which ballot it counts votes, as the rank among those it hears of; 0 before
     the first and after the last. */
  unsigned counting : BITS_COUNTING;

  /* A world in which nothing more can happen is no error. */
end:
  do
  ask(0) time_out(0)
#if PROPOSERS > 1
  ask(1) time_out(1)
#endif
#if PROPOSERS > 2
  ask(2) time_out(2)
#endif
  ballot(0)
#if PROPOSERS * ROUNDS > 1
  ballot(1)
#endif
#if PROPOSERS * ROUNDS > 2
  ballot(2)
#endif
#if PROPOSERS * ROUNDS > 3
  ballot(3)
#endif
#if PROPOSERS * ROUNDS > 4
  ballot(4)
#endif
#if PROPOSERS * ROUNDS > 5
  ballot(5)
#endif
  od
}
