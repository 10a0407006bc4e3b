"""What somebody on call looks at, and what wakes them: one dashboard, seven alarms, one topic to subscribe to.

Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import CfnOutput, Duration
from aws_cdk.aws_cloudwatch import (
    Alarm,
    ComparisonOperator,
    Dashboard,
    GraphWidget,
    IMetric,
    MathExpression,
    Metric,
    TreatMissingData,
)
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_sns import Topic
from constructs import Construct

PERIOD = Duration.minutes(5)
#: A client waits for `accepted`; this is well over a cold start.
SLOW_ADMISSION = Duration.seconds(3)
#: Nearly every answer should end before anybody gives up on it.
SLOW_TURN = Duration.minutes(2)


#: A job takes 15 minutes at most; more than two of them is a queue that does not move.
LATE_DOCUMENT = Duration.minutes(40)


@dataclass(frozen=True)
class Watched:
    """Names, known once deployed, of what is watched; `functions` by the name of the function's folder."""

    api: str
    stage: str
    http_api: str
    functions: Mapping[str, str]
    failures: str
    ingest: str
    ingest_failures: str
    table: str


class Monitoring(Construct):
    """Dashboard, alarms and topic for one deployment."""

    def __init__(self, scope: Construct, name: str, watched: Watched) -> None:
        super().__init__(scope, name)
        self._watched = watched
        self._topic = Topic(self, "Alarms", enforce_ssl=True)
        CfnOutput(self, "AlarmTopicArn", description="Subscribe to it to hear of alarms.", value=self._topic.topic_arn)
        self._alarm("TurnErrors", "A turn raised or ran out of time.", self._function("turn", "Errors"), 1)
        self._alarm("FailedTurns", "A turn that could not be closed waits in the queue.", self._failures(), 1)
        self._alarm(
            "FailedDocuments",
            "A document's job that could not be done waits in the queue.",
            self._queue(self._watched.ingest_failures),
            1,
        )
        self._alarm(
            "LateDocuments",
            "Documents wait long to be read.",
            self._queue(self._watched.ingest, "ApproximateAgeOfOldestMessage"),
            LATE_DOCUMENT.to_seconds(),
        )
        self._alarm(
            "Throttles", "Lambda refused to run a function: the account's concurrency is used up.", self._throttles(), 1
        )
        self._alarm(
            "SlowAdmission",
            "Questions wait long to be accepted.",
            self._function("default", "Duration", "p95"),
            SLOW_ADMISSION.to_milliseconds(),
            periods=3,
        )
        self._alarm(
            "SlowTurns",
            "Answers take long.",
            self._function("turn", "Duration", "p95"),
            SLOW_TURN.to_milliseconds(),
            periods=3,
        )
        self._dashboard()

    def _alarm(self, name: str, why: str, metric: IMetric, threshold: float, *, periods: int = 1) -> None:
        """An alarm once `metric` has reached `threshold` in each of `periods` periods. No data is no trouble."""
        alarm = Alarm(
            self,
            name,
            alarm_description=why,
            metric=metric,
            threshold=threshold,
            comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(SnsAction(self._topic))

    def _dashboard(self) -> None:
        rows = [
            [
                self._graph("Clients", self._gateway("ConnectCount"), self._gateway("MessageCount")),
                self._graph(
                    "Trouble at the gateway", *map(self._gateway, ("ClientError", "IntegrationError", "ExecutionError"))
                ),
                self._graph(
                    "Time of a route (ms)",
                    self._gateway("IntegrationLatency", "p50"),
                    self._gateway("IntegrationLatency", "p95"),
                ),
            ],
            [
                self._graph("Turns", self._function("turn", "Invocations"), self._function("turn", "Errors")),
                self._graph(
                    "Time of a turn (ms)", *(self._function("turn", "Duration", each) for each in ("p50", "p95"))
                ),
                self._graph(
                    "Turns at once", self._function("turn", "ConcurrentExecutions", "Maximum"), self._throttles()
                ),
            ],
            [
                self._graph("Errors", *(self._function(name, "Errors") for name in self._watched.functions)),
                self._graph(
                    "Failed turns and documents waiting", self._failures(), self._queue(self._watched.ingest_failures)
                ),
                self._graph("Table", *map(self._table, ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"))),
            ],
            [
                self._graph("Documents", self._function("ingest", "Invocations"), self._function("ingest", "Errors")),
                self._graph("Documents waiting", self._queue(self._watched.ingest)),
                self._graph("HTTP API", *map(self._http, ("Count", "4xx", "5xx"))),
            ],
        ]
        Dashboard(self, "Dashboard", widgets=rows)

    def _graph(self, title: str, *metrics: IMetric) -> GraphWidget:
        return GraphWidget(title=title, left=list(metrics), width=8)

    def _function(self, name: str, metric: str, statistic: str = "Sum") -> Metric:
        dimensions = {"FunctionName": self._watched.functions[name]}
        return _metric("AWS/Lambda", metric, statistic, dimensions, label=f"{name} {metric} {statistic}")

    def _gateway(self, metric: str, statistic: str = "Sum") -> Metric:
        dimensions = {"ApiId": self._watched.api, "Stage": self._watched.stage}
        return _metric("AWS/ApiGateway", metric, statistic, dimensions, label=f"{metric} {statistic}")

    def _table(self, metric: str) -> Metric:
        return _metric("AWS/DynamoDB", metric, "Sum", {"TableName": self._watched.table}, label=metric)

    def _http(self, metric: str) -> Metric:
        return _metric("AWS/ApiGateway", metric, "Sum", {"ApiId": self._watched.http_api}, label=metric)

    def _failures(self) -> Metric:
        return self._queue(self._watched.failures)

    def _queue(self, name: str, metric: str = "ApproximateNumberOfMessagesVisible") -> Metric:
        return _metric("AWS/SQS", metric, "Maximum", {"QueueName": name}, label="waiting")

    def _throttles(self) -> MathExpression:
        using: dict[str, IMetric] = {name: self._function(name, "Throttles") for name in self._watched.functions}
        return MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in using),
            using_metrics=using,
            label="throttled",
            period=PERIOD,
        )


def _metric(namespace: str, name: str, statistic: str, dimensions: Mapping[str, str], *, label: str) -> Metric:
    return Metric(
        namespace=namespace,
        metric_name=name,
        statistic=statistic,
        dimensions_map=dict(dimensions),
        period=PERIOD,
        label=label,
    )
