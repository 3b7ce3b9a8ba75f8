"""The shapes of JSON answers, as the API's description states them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

RequestId: TypeAlias = Annotated[str, Field(examples=["req_019a8f3c52d17b0c94e2a6f05d8b3e1f"])]
Link: TypeAlias = Annotated[
    str, Field(examples=["/assets/asset_019a8f3c60aa0b7c?sig=1764057600.xY3"])
]
Moment: TypeAlias = Annotated[str, Field(examples=["2026-03-01T12:00:30+00:00"])]
Seed: TypeAlias = Annotated[str, Field(examples=["698845"])]
Credit: TypeAlias = Annotated[float, Field(examples=[0.017])]
Balance: TypeAlias = Annotated[float, Field(examples=[12.3])]
Seconds: TypeAlias = Annotated[float, Field(examples=[2.4])]
ContentType: TypeAlias = Annotated[str, Field(examples=["image/jpeg"])]
FileName: TypeAlias = Annotated[str, Field(examples=["picture-1.jpg"])]
Side: TypeAlias = Annotated[int, Field(examples=[512])]
Slug: TypeAlias = Annotated[str, Field(examples=["sd3-med-pose"])]
KeyId: TypeAlias = Annotated[str, Field(description="How it begins", examples=["vivant_97dd869b"])]
Cursor: TypeAlias = Annotated[
    str | None,
    Field(description="Goes into `before` to get the next page; null at the end", examples=[None]),
]
Words: TypeAlias = Annotated[list[str], Field(examples=[[]])]
Base64: TypeAlias = Annotated[str, Field(examples=["/9j/4AAQSkZJRg..."])]
People: TypeAlias = Annotated[
    dict[str, object],
    Field(examples=[{"people": [{"pose_keypoints_2d": [256, 80, 1, 256, 140, 1]}]}]),
]
"""Types with the examples that the API's description shows."""


class Problem(BaseModel):
    """What every error says."""

    error: str = Field(
        description="What was wrong, which field, and what is allowed",
        examples=["samples: '9' is not allowed; expected a whole number from 1 to 4"],
    )


class Accepted(BaseModel):
    """A v2 request that waits for its turn."""

    request_id: RequestId
    status: str = Field(examples=["QUEUED"])
    status_url: Link
    response_url: Link
    poll_url: Link
    events_url: Link


class Metrics(BaseModel):
    """What a request cost, in credits, and how long it took, in seconds."""

    cost: Credit
    remaining_credits: Balance
    inference_time: Seconds | None
    queue_time: Seconds | None
    total_time: Seconds | None
    retry_count: int


State = Literal["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]


class Status(BaseModel):
    """Where a request stands."""

    request_id: RequestId
    status: State
    metrics: Metrics
    queue_position: int | None = Field(description="Requests that will start before this one")
    step: int = Field(description="Denoising steps that are done")
    total_steps: int = Field(description="Denoising steps in all; 0 until they are known")


class FailedStatus(Status):
    """A request that failed, or was cancelled."""

    error: str


class Image(BaseModel):
    """One picture of a request."""

    url: Link
    content_type: ContentType
    file_name: FileName
    file_size: int = Field(examples=[50_930])
    width: Side
    height: Side
    seed: Seed
    kind: Literal["picture", "panel", "page"]


class Timings(BaseModel):
    """Seconds that the parts of a request took."""

    queue: Seconds | None
    inference: Seconds | None
    total: Seconds | None


class Result(Status):
    """A request that is completed."""

    output: Link = Field(description="URL of the main picture")
    images: list[Image]
    seed: Seed
    prompt: str | None = Field(examples=["a girl in a red dress"])
    timings: Timings
    warnings: Words


class Credits(BaseModel):
    """What an account has left."""

    credits: Balance
    free_credits: float = Field(serialization_alias="free-credits", examples=[0.0])


class Model(BaseModel):
    """An endpoint that is served."""

    slug: Slug
    summary: str = Field(examples=["A prompt and a pose give a picture"])
    price: Credit = Field(description="Credits of a request that leaves all at its default")
    warm: bool = Field(description="Whether its model is loaded")
    request_schema: dict[str, object] = Field(
        serialization_alias="schema", description="JSON Schema of the request's fields"
    )


class Models(BaseModel):
    """All endpoints."""

    models: list[Model]


class PastRequest(BaseModel):
    """A request of the account's history."""

    request_id: RequestId
    model: Slug
    version: str = Field(examples=["v2"])
    status: State
    cost: Credit
    created_at: Moment
    finished_at: Moment | None
    seed: Seed | None
    error: str | None = Field(examples=[None])
    inputs: dict[str, object] = Field(description="The fields as they were read")
    outputs: list[Image]
    metrics: Metrics


class History(BaseModel):
    """A page of the account's requests, newest first."""

    requests: list[PastRequest]
    next: Cursor


class Forgotten(BaseModel):
    """A request whose words and files are gone."""

    request_id: RequestId


class Movement(BaseModel):
    """One line of the account's book."""

    kind: Literal["topup", "hold", "settle", "release"]
    amount: Balance = Field(description="Credits; below 0 where they leave the balance")
    balance: Balance = Field(description="Credits after it")
    note: str = Field(examples=["first start"])
    created_at: Moment


class Movements(BaseModel):
    """A page of the account's book, newest first."""

    movements: list[Movement]
    next: Cursor


class Key(BaseModel):
    """A key without its secret."""

    id: KeyId
    label: str = Field(examples=["laptop"])
    created_at: Moment
    expires_at: str | None = Field(examples=[None])
    revoked_at: str | None = Field(examples=[None])
    is_yours: bool = Field(description="Whether this very request was let in by it")


class MadeKey(Key):
    """A key that was just made."""

    secret: str = Field(
        description="For the x-api-key header; shown this once", examples=["vivant_97dd869b_Q2x..."]
    )


class Keys(BaseModel):
    """All keys of the account, oldest first."""

    keys: list[Key]


class Revoked(BaseModel):
    """A key that opens nothing any more."""

    id: KeyId


class Price(BaseModel):
    """What a request would cost."""

    price: Credit = Field(description="Credits")
    credits: Balance = Field(description="Credits that the account has")


class Preset(BaseModel):
    """A pose that ships."""

    name: str = Field(description="Goes into `image` as preset:NAME", examples=["waving"])
    pose: People = Field(description="OpenPose JSON")


class Presets(BaseModel):
    """All poses that ship."""

    presets: list[Preset]


class PagePicture(BaseModel):
    """One laid-out page."""

    image: Base64 = Field(description="The file, in base64")
    content_type: ContentType
    width: Side
    height: Side


class Pages(BaseModel):
    """A laid-out story."""

    pages: list[PagePicture]
    warnings: Words


class Uploaded(BaseModel):
    """Where uploads can be found; each URL goes into `image` or `ref_image`."""

    file_urls: list[Link]
    urls: list[Link]
    message: str = Field(examples=["1 files are kept"])


class PoseRead(BaseModel):
    """The people in a picture."""

    pose: People = Field(description="OpenPose JSON, in pixels of the picture")
    image: Base64 = Field(description="Their skeletons as a PNG picture, in base64")
    people: int = Field(examples=[1])


class Health(BaseModel):
    """Whether the server runs."""

    status: str = Field(examples=["ok"])


class Readiness(BaseModel):
    """Whether requests can be served."""

    ready: bool


class NotReady(Problem):
    """Why they cannot."""

    ready: bool
    problems: dict[str, str] = Field(description="What is not well, by part")
