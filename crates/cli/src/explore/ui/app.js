'use strict';

/// What is known of the whole world. Loaded again as long as the checker runs.
function Status({model, about, progress, properties, canRun, isRunning}) {
    let status = this;

    status.model = model;
    status.about = about;
    status.progress = progress;
    status.canRun = canRun;
    status.isRunning = isRunning;
    status.properties = properties;
}

/// Placeholder status.
Status.LOADING = new Status({
    model: 'Explorer',
    about: '',
    progress: 'loading…',
    properties: [],
    canRun: false,
    isRunning: false,
});

/// Whether a property is true in one state, as it was evaluated there.
function Mark([expectation, name, isTrue]) {
    let mark = this;

    mark.name = name;
    switch (expectation) {
        case 'Always':
            [mark.icon, mark.verdict, mark.tone] = isTrue ? ['✓', 'holds here', 'good'] : ['✗', 'broken here', 'bad'];
            break;
        case 'Sometimes':
            [mark.icon, mark.verdict, mark.tone] = isTrue ? ['✓', 'seen here', 'good'] : ['·', 'not here', 'quiet'];
            break;
        case 'Eventually':
            [mark.icon, mark.verdict, mark.tone] = isTrue ? ['✓', 'has happened', 'good'] : ['·', 'not yet', 'quiet'];
            break;
        default:
            throw new Error(`Invalid expectation ${expectation}.`);
    }
}

/// What the server answers; what it complains of becomes an error.
async function answered(address, options) {
    let response = await fetch(address, options);
    if (!response.ok) {
        throw new Error(await response.text());
    }
    return response;
}

/// Represents a model step. Only loads next steps on demand.
function Step({action, outcome, state, actionIndex, properties, prevStep}) {
    let step = this;

    step.action = action || `Init ${actionIndex}`;
    step.outcome = outcome;
    step.state = state;
    step.actionIndex = actionIndex;
    step.prevStep = prevStep;

    step.path = prevStep ? prevStep.path + '/' + actionIndex : '';

    step.properties = properties.map((p) => new Mark(p));
    /// What is broken in the state and was not before, for its line.
    step.broken = step.properties.filter((p) => p.tone === 'bad').map((p) => p.name);
    step.breaks = step.broken.filter((name) => !prevStep || !prevStep.broken.includes(name)).join(', ');
    step.isEnd = ko.observable(false);

    step.pathSteps = () => (prevStep ? prevStep.pathSteps() : []).concat([step]);
    step.nextSteps = ko.observableArray();
    step.computeOffsetTo = (dstStep) => {
        let offset = 0;
        for (let cursor = step; cursor; cursor = cursor.prevStep) {
            if (cursor === dstStep) {
                return offset;
            }
            ++offset;
        }
        return null;
    };
    step.computeUriWithOffset = (offset) => `#/steps${step.path}?offset=${offset}`;
    step.fetchNextSteps = () => {
        if (!step.fetching) {
            step.fetching = answered(`.states${step.path}`)
                .then((response) => response.json())
                .then((found) => {
                    let next = found.map((one) => new Step({...one, prevStep: step}));
                    step.nextSteps(next);
                    step.isEnd(next.length === 0);
                    return next;
                })
                .catch((error) => {
                    step.fetching = undefined;
                    throw error;
                });
        }
        return step.fetching;
    };
    step.fetchPicture = () => {
        step.picture ??= step.path ? answered(`.picture${step.path}`).then((response) => response.text()) : '';
        return step.picture;
    };
    /// Why the state breaks what it breaks, a list of properties with their sentences.
    step.fetchWhy = () => {
        step.why ??= step.broken.length ? answered(`.why${step.path}`).then((response) => response.json()) : [];
        return step.why;
    };
    /// Forgets what was fetched, so that it is asked for again.
    step.forget = () => {
        step.picture = undefined;
        step.why = undefined;
    };
}

/// Special step that points to the init steps.
Step.PRE_INIT = new Step({
    action: 'Pre-init',
    state: 'No state selected',
    properties: [],
    prevStep: null,
});

/// Manages app state.
function App() {
    let app = this;

    app.selectedStep = ko.observable(Step.PRE_INIT);
    app.farthestStep = ko.observable(Step.PRE_INIT);
    app.picture = ko.observable('');
    app.why = ko.observableArray();
    app.trouble = ko.observable('');
    app.isCompleteState = ko.observable(false);
    app.showBreaks = ko.observable(true);
    app.isSameStateAsSelected = (step) => step.state === app.selectedStep().state;
    /// Where the shortest way that shows a property is looked for.
    app.shortest = (name) => window.location.pathname.replace(/^\/explore\//, '/at/') + name;
    app.onKeyDown = (data, ev) => {
        // What can be scrolled or set takes the keys itself.
        if (ev.target.closest('input, pre, .picture') || ev.altKey || ev.ctrlKey || ev.metaKey) {
            return true;
        }
        let offset = app.farthestStep().computeOffsetTo(app.selectedStep());
        switch (ev.key) {
            case 'ArrowUp':
            case 'k': // vim style
                offset = Math.min(offset + 1, app.farthestStep().pathSteps().length - 1);
                break;
            case 'ArrowDown':
            case 'j': // vim style
                offset = Math.max(offset - 1, 0);
                break;
            default:
                return true;
        }
        window.location = app.farthestStep().computeUriWithOffset(offset);
    };
    app.status = ko.observable(Status.LOADING);
    app.runToCompletion = async () => {
        try {
            await answered('.runtocompletion', {method: 'POST'});
            await refreshStatus();
        } catch (error) {
            app.trouble(error.message);
        }
    };

    let views = 0;
    window.onhashchange = showView;
    showView();
    refreshStatus().catch((error) => app.trouble(error.message));

    async function refreshStatus() {
        let response = await answered('.status');
        let status = new Status(await response.json());
        app.status(status);
        document.title = status.model;
        if (status.isRunning) {
            setTimeout(() => refreshStatus().catch((error) => app.trouble(error.message)), 500);
        }
    }

    async function showView() {
        let view = ++views;
        try {
            let [farthest, selected] = await prepareView(window.location.hash);
            if (view !== views) {
                return; // another one is wanted meanwhile
            }
            app.farthestStep(farthest);
            app.selectedStep(selected);
            app.trouble('');
            app.why([]);
            let wanted = [
                [app.why, selected.fetchWhy()],
                [app.picture, selected.fetchPicture()],
            ];
            for (let [place, fetched] of wanted) {
                Promise.resolve(fetched)
                    .then((found) => view === views && place(found))
                    .catch((error) => {
                        selected.forget();
                        complain(error);
                    });
            }
        } catch (error) {
            complain(error);
        }

        function complain(error) {
            if (view === views) {
                app.trouble(error.message);
            }
        }
    }

    async function prepareView(hash) {
        let [path, queryString] = (hash || '#/steps/0').split('?');
        let [, view, ...components] = path.split('/'); // e.g. ['#', 'steps', '4', '2']
        if (view !== 'steps') {
            throw new Error(`There is nothing at ${hash}: a link to a state begins with #/steps/0.`);
        }

        let step = Step.PRE_INIT;
        for (let index of components.filter((index) => index !== '')) {
            let nextSteps = await step.fetchNextSteps();
            let next = nextSteps.find((next) => String(next.actionIndex) === index);
            if (!next) {
                throw new Error(`There is no step ${index} after ${step.pathSteps().length - 2} steps of this path.`);
            }
            step = next;
        }
        await step.fetchNextSteps();
        let farthest = step;

        let offset = Number(new URLSearchParams(queryString).get('offset'));
        for (; offset > 0 && step.prevStep; --offset) {
            step = step.prevStep;
        }
        return [farthest, step];
    }
}

window.app = new App();
ko.applyBindings(window.app);
