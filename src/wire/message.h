#pragma once

#include <variant>

#include "wire/actor.h"
#include "wire/cluster.h"
#include "wire/lease.h"
#include "wire/object.h"
#include "wire/process.h"
#include "wire/status.h"
#include "wire/store.h"
#include "wire/task.h"

namespace shoal::wire {

/// Everything that processes say to each other. On the wire the place in this list is the type: append only.
using Message = std::variant<
    DefineTemplate, PushTask, TaskDone, TaskFailed, RecallTasks, ReturnTasks, CancelTask, StreamItem,
    StreamCredit,                                                                                // task.h
    BorrowAdd, BorrowAdded, BorrowDrop, Retained, ResultHeld, FetchValue, ValueIs, ValueFailed,  // object.h
    LeaseDemand, LeaseGrant, LeaseRefused, LeaseRecall, LeaseReturn, LeaseLost, WorkerWaits,     // lease.h
    CreateActor, WatchActor, UnwatchActor, FindActor, KillActor, ActorStarted, ActorEnded, ActorNews, ActorNamed,
    FoundActor, StartActor, StopActor, ActorPlaced, ActorLost, HostActor, CallActor,  // actor.h
    RegisterNode, NodeLoad, RegisterJob, AskCluster, ClusterIs,                       // cluster.h
    ActorReady,                                                                       // actor.h
    ItemHeld,                                                                         // object.h
    Welcome, WorkerIsUp, Retire, WorkerStays, Stop, ProcessDied,                      // process.h
    StoreIs, AskStore, ReleaseTicket, SealObject, ReturnExtent, RingSlot, GiveObject, DropObject, ExtentIs,
    ForgetExtent, RecallExtent, ObjectPlaced, StoreAdmitted, StoreFailed,  // store.h
    Join,                                                                  // process.h
    AskStatus, StatusIs>;                                                  // status.h

/// A message and the process it goes to, or comes from.
struct Envelope {
  ProcessId peer;
  Message message;
};

}  // namespace shoal::wire
